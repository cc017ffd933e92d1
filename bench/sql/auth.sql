-- Fills auth's database for `bench users`: :users users and as many sessions and audit entries, half as many addresses and a tenth
-- as many API keys. Triggers and foreign keys are off, so the derived tables are filled here, by the functions of the migrations.
SET session_replication_role = replica;
SET work_mem = '512MB';

-- A UUIDv7 of this time; the rest of it follows from the text.
CREATE FUNCTION pg_temp.id_at(timestamptz, text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM $1) * 1000)::bigint), 12, '0')
        || '7' || substr(md5($2), 1, 3) || '8' || substr(md5($2), 4, 15))::uuid
$$;

-- A number from 0 to 1 that follows from a row's number and a purpose.
CREATE FUNCTION pg_temp.part(bigint, bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended($1, $2) & 1048575) / 1048576.0::float8
$$;

CREATE TEMP TABLE parts AS SELECT
    string_to_array('Anna,Ben,Clara,David,Elena,Felix,Greta,Hassan,Inga,Jonas,Katharina,Luca,Maria,Noah,Olga,Paul,Qing,Rosa,Samuel,'
        'Theresa,Umut,Vera,Wei,Xenia,Yusuf,Zoe,Alexander,Beatrice,Christopher,Daniela,Emil,Fatima', ',') AS given,
    string_to_array('Acker,Berg,Castel,Dahl,Eber,Fischer,Garcia,Holm,Ivan,Jansen,Kowal,Lind,Martin,Nowak,Olsen,Peter,Quint,Rossi,Schmidt,'
        'Thomas,Ulrich,Varga,Weber,Xavier,Young,Zimmer', ',') AS stems,
    string_to_array('er,mann,son,sen,ova,ski,ez,i,us,dorf,bach,stein,hardt,lund,wood', ',') AS ends,
    string_to_array('mail.example,post.example,inbox.example,letters.example,work.example,school.example,shop.example,studio.example',
        ',') AS domains;

INSERT INTO users (id, email, username, full_name, roles, password_hash, status, email_verified_at, created_at, updated_at)
SELECT id,
    CASE WHEN status = 'deleted' THEN 'deleted-' || id || '@deleted.invalid'
        WHEN number = 1 THEN 'admin@example.com'
        ELSE lower(first || '.' || last || '.' || number || '@' || domain) END,
    CASE WHEN status <> 'deleted' AND number % 2 = 0 THEN lower(first) || number END,
    CASE WHEN status = 'deleted' THEN 'Deleted user'
        WHEN number % 1000 = 5 THEN first || ' Maria von und zu der Alten ' || last || ' ' || number || ' Senior'
        WHEN number * 4 / :users <> (number - 1) * 4 / :users THEN first || ' Zyzzyva'
        ELSE first || ' ' || last END,
    CASE WHEN number <= 11 THEN ARRAY['admin']
        WHEN number % 33 = 0 THEN ARRAY['vendor']
        WHEN number % 250 = 7 THEN ARRAY['customer', 'team-' || lpad((number / 250 % 190)::text, 3, '0')]
        ELSE ARRAY['customer'] END,
    '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    status, created_at, created_at, created_at
FROM (
    SELECT number, created_at, pg_temp.id_at(created_at, 'user' || number) AS id,
        given[1 + floor(pg_temp.part(number, 1) * cardinality(given))::int] AS first,
        -- Some names are far more common than others.
        stems[1 + floor(pg_temp.part(number, 2) ^ 2 * cardinality(stems))::int]
            || ends[1 + floor(pg_temp.part(number, 3) * cardinality(ends))::int] AS last,
        domains[1 + floor(pg_temp.part(number, 4) ^ 3 * cardinality(domains))::int] AS domain,
        CASE WHEN number <= 11 THEN 'active'
            WHEN number % 101 = 0 THEN 'deleted'
            WHEN number % 103 = 0 THEN 'suspended'
            WHEN number % 47 = 0 THEN 'pending'
            ELSE 'active' END AS status
    FROM parts, generate_series(1, :users) AS number,
        LATERAL (SELECT date_trunc('milliseconds', now() - interval '1000 days' * ((:users - number + 1)::float8 / :users)) AS created_at) AS at
) AS person;

INSERT INTO roles (name, description, permissions)
SELECT 'team-' || lpad(number::text, 3, '0'), 'One of many teams.', ARRAY['users:read:own'] FROM generate_series(0, 189) AS number;

INSERT INTO user_roles (user_id, role) SELECT DISTINCT id, unnest(roles) FROM users;
INSERT INTO user_terms (term, user_id)
SELECT term, users.id FROM users, search_terms(users.email, users.username, users.full_name) AS term ORDER BY term, users.id;

CREATE TEMP TABLE numbered AS SELECT row_number() OVER (ORDER BY id) AS number, id, created_at FROM users;
CREATE UNIQUE INDEX ON numbered (number);
ANALYZE numbered;

-- One session for each user, some of which have ended, and 99 for the admin who calls.
INSERT INTO sessions (id, user_id, created_at, expires_at, ended_at, end_reason, device_name, last_used_at, address)
SELECT pg_temp.id_at(created_at, 'session' || number), id, created_at, now() + interval '7 days',
    CASE WHEN number % 3 = 0 AND number > 1 THEN created_at END, CASE WHEN number % 3 = 0 AND number > 1 THEN 'logout' END,
    'Firefox on Linux', created_at, cidr '203.0.113.0/24'
FROM numbered
UNION ALL
SELECT pg_temp.id_at(now() - interval '1 minute' * age, 'own' || age), id, now() - interval '1 minute' * age, now() + interval '7 days',
    NULL, NULL, 'Firefox on Linux', now(), cidr '203.0.113.0/24'
FROM numbered, generate_series(1, 99) AS age WHERE number = 1;

INSERT INTO addresses (id, user_id, name, line1, city, postal_code, country, default_shipping, default_billing)
SELECT pg_temp.id_at(created_at, 'address' || number || '-' || copy), id, 'Home', number || ' Main Street', 'Springfield', '12345', 'US',
    copy = 1, copy = 1
FROM numbered, generate_series(1, CASE WHEN number = 1 THEN 20 ELSE 1 END) AS copy WHERE number % 2 = 1;

-- Admins act on users, the first of them more often than the last; every thousandth entry concerns a role.
INSERT INTO audit_log (id, occurred_at, actor_id, session_id, action, target, data)
SELECT pg_temp.id_at(entry.created_at, 'entry' || entry.number), entry.created_at, actor.id, actor.id,
    CASE WHEN entry.number % 1000 = 0 THEN 'role.updated'
        WHEN entry.number % 50000 = 1 THEN 'user.deleted'
        WHEN entry.number % 10 = 0 THEN 'user.suspended'
        WHEN entry.number % 10 = 1 THEN 'user.activated'
        ELSE 'user.updated' END,
    CASE WHEN entry.number % 1000 = 0 THEN 'team-001' ELSE 'usr_' || target.id END, '{"fields": ["full_name"]}'
FROM numbered AS entry
JOIN numbered AS actor ON actor.number = 1 + floor(pg_temp.part(entry.number, 5) ^ 2 * 11)::int
JOIN numbered AS target ON target.number = 1 + floor(pg_temp.part(entry.number, 6) ^ 2 * :users)::int;

INSERT INTO api_keys (id, user_id, name, secret_hash, hint, permissions, created_at, expires_at, revoked_at)
SELECT pg_temp.id_at(created_at, 'key' || number || '-' || copy), id, 'Import', sha256(convert_to(number || '-' || copy, 'UTF8')), 'abcd',
    ARRAY['orders:read:own'], created_at, now() + interval '90 days', CASE WHEN number % 50 = 11 THEN now() END
FROM numbered, generate_series(1, CASE WHEN number = 1 THEN 50 ELSE 1 END) AS copy WHERE number % 10 = 1;
