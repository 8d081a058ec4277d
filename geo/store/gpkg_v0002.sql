-- From version 1 to 2: inspections, files, consents and the receipts of the record. Blank lines part the statements.
CREATE TABLE inspections (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    community TEXT,
    building TEXT,
    work TEXT,
    inspected_on DATE,
    result TEXT,
    note TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    UNIQUE (id)
)

CREATE TABLE files (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    community TEXT,
    dig TEXT,
    name TEXT,
    media_type TEXT,
    size_bytes INTEGER,
    sha256 TEXT,
    caption TEXT,
    taken_on DATE,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    UNIQUE (id)
)

CREATE TABLE consents (
    fid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    dig TEXT,
    line TEXT,
    agreed_on DATE,
    note TEXT,
    source TEXT,
    source_id TEXT,
    row_revision INTEGER NOT NULL,
    UNIQUE (id)
)

CREATE TABLE tongchou_receipt (
    "key" TEXT NOT NULL,
    digest TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY ("key")
)

INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id)
SELECT column1, 'attributes', column1, last_change, 0
FROM (VALUES ('inspections'), ('files'), ('consents')), gpkg_contents WHERE table_name = 'layer_styles'

CREATE TRIGGER "tongchou_guard_inspections_insert" BEFORE INSERT ON "inspections" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_inspections_update" BEFORE UPDATE ON "inspections" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_inspections_delete" BEFORE DELETE ON "inspections" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_files_insert" BEFORE INSERT ON "files" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_files_update" BEFORE UPDATE ON "files" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_files_delete" BEFORE DELETE ON "files" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_consents_insert" BEFORE INSERT ON "consents" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_consents_update" BEFORE UPDATE ON "consents" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_consents_delete" BEFORE DELETE ON "consents" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_receipt_insert" BEFORE INSERT ON "tongchou_receipt" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_receipt_update" BEFORE UPDATE ON "tongchou_receipt" BEGIN SELECT tongchou_guard(); END

CREATE TRIGGER "tongchou_guard_tongchou_receipt_delete" BEFORE DELETE ON "tongchou_receipt" BEGIN SELECT tongchou_guard(); END
