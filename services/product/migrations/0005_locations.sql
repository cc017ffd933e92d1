-- The places where units may be. Stock names them without a foreign key: its rows are hot.
CREATE TABLE locations (
    code text COLLATE "C" PRIMARY KEY CONSTRAINT locations_code_form CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) <= 32),
    name text NOT NULL CONSTRAINT locations_name_length CHECK (length(name) BETWEEN 1 AND 200),
    -- Orders are filled from the lowest first; what a new row of stock starts with.
    priority smallint NOT NULL DEFAULT 0 CONSTRAINT locations_priority_sane CHECK (priority BETWEEN 0 AND 1000),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO locations (code, name) VALUES ('main', 'main');
