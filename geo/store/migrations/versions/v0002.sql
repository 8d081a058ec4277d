-- From version 1 to 2: inspections, files, consents and the receipts of the record. Blank lines part the statements.
CREATE TABLE tongchou.inspections (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    community text,
    building text,
    work text,
    inspected_on date,
    result text,
    note text,
    source text,
    source_id text,
    row_revision bigint NOT NULL
)

CREATE TABLE tongchou.files (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    community text,
    dig text,
    name text,
    media_type text,
    size_bytes bigint,
    sha256 text,
    caption text,
    taken_on date,
    source text,
    source_id text,
    row_revision bigint NOT NULL
)

CREATE TABLE tongchou.consents (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    dig text,
    line text,
    agreed_on date,
    note text,
    source text,
    source_id text,
    row_revision bigint NOT NULL
)

CREATE TABLE tongchou.tongchou_receipt (
    key text PRIMARY KEY,
    digest text NOT NULL,
    revision bigint NOT NULL,
    at text NOT NULL
)

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.inspections
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.files
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tongchou.consents
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_guard BEFORE INSERT ON tongchou.tongchou_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse_unrecorded()

CREATE TRIGGER tongchou_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON tongchou.tongchou_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION tongchou.refuse()

UPDATE tongchou.tongchou_meta SET value = '2' WHERE key = 'schema_version'
