-- What users choose for themselves. A user without a row has the defaults.
CREATE TABLE user_settings (
    user_id              uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- BCP 47; null is the shop's.
    locale               text COLLATE "C" CHECK (char_length(locale) BETWEEN 2 AND 35),
    -- A name of the IANA database; null is the shop's.
    time_zone            text COLLATE "C" CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    marketing_consent    boolean NOT NULL,
    -- The last change of the consent: proof of when it was given or withdrawn.
    marketing_consent_at timestamptz CHECK (NOT marketing_consent OR marketing_consent_at IS NOT NULL),
    version              bigint NOT NULL,
    updated_at           timestamptz NOT NULL DEFAULT now()
);

-- The address book. Its names and limits are those of an order's shipping address.
CREATE TABLE addresses (
    -- UUIDv7: sorted by time.
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name             text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    company          text CHECK (char_length(company) BETWEEN 1 AND 200),
    line1            text NOT NULL CHECK (char_length(line1) BETWEEN 1 AND 200),
    line2            text CHECK (char_length(line2) BETWEEN 1 AND 200),
    city             text NOT NULL CHECK (char_length(city) BETWEEN 1 AND 100),
    region           text CHECK (char_length(region) BETWEEN 1 AND 100),
    postal_code      text CHECK (char_length(postal_code) BETWEEN 1 AND 20),
    country          text COLLATE "C" NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    phone            text COLLATE "C" CHECK (char_length(phone) BETWEEN 4 AND 32),
    default_shipping boolean NOT NULL,
    default_billing  boolean NOT NULL,
    -- Of what a client may edit: the ETag.
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX addresses_user_id ON addresses (user_id, id);
CREATE UNIQUE INDEX addresses_default_shipping ON addresses (user_id) WHERE default_shipping;
CREATE UNIQUE INDEX addresses_default_billing ON addresses (user_id) WHERE default_billing;
