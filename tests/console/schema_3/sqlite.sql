BEGIN TRANSACTION;
CREATE TABLE access_log (
	"key" INTEGER NOT NULL, 
	at_s DOUBLE NOT NULL, 
	user_id INTEGER NOT NULL, 
	action VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	why VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	incident_key INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(user_id) REFERENCES users ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key"), 
	FOREIGN KEY(incident_key) REFERENCES incidents ("key")
);
CREATE TABLE audit_log (
	"key" INTEGER NOT NULL, 
	at_s DOUBLE NOT NULL, 
	community_id INTEGER, 
	"by" VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE case_log (
	"key" INTEGER NOT NULL, 
	at_s DOUBLE NOT NULL, 
	user_id INTEGER NOT NULL, 
	from_state VARCHAR NOT NULL, 
	to_state VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	assignee_id INTEGER, 
	community_id INTEGER NOT NULL, 
	incident_key INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(user_id) REFERENCES users ("key"), 
	FOREIGN KEY(assignee_id) REFERENCES users ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key"), 
	FOREIGN KEY(incident_key) REFERENCES incidents ("key")
);
CREATE TABLE communities (
	"key" INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (name)
);
CREATE TABLE device_events (
	"key" INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	at_s DOUBLE NOT NULL, 
	data JSON NOT NULL, 
	community_id INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (community_id, id), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE devices (
	"key" INTEGER NOT NULL, 
	site VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	state JSON NOT NULL, 
	changed_s DOUBLE NOT NULL, 
	community_id INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (community_id, site, name), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE evidence (
	"key" INTEGER NOT NULL, 
	incident_id VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	manifest_sha256 VARCHAR NOT NULL, 
	files JSON NOT NULL, 
	sealed_s DOUBLE NOT NULL, 
	community_id INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (community_id, incident_id), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE evidence_log (
	"key" INTEGER NOT NULL, 
	site VARCHAR NOT NULL, 
	incident_id VARCHAR NOT NULL, 
	at_s DOUBLE NOT NULL, 
	"by" VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	why VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE feed_cursors (
	feed VARCHAR NOT NULL, 
	position BIGINT NOT NULL, 
	PRIMARY KEY (feed)
);
CREATE TABLE incidents (
	"key" INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	building VARCHAR NOT NULL, 
	floor INTEGER, 
	floor_name VARCHAR, 
	window VARCHAR, 
	p DOUBLE, 
	mass_class VARCHAR, 
	hazard VARCHAR, 
	label VARCHAR NOT NULL, 
	started_s DOUBLE NOT NULL, 
	ended_s DOUBLE, 
	subject VARCHAR, 
	text VARCHAR, 
	as_of_s DOUBLE, 
	received_s DOUBLE NOT NULL, 
	record JSON NOT NULL, 
	state VARCHAR NOT NULL, 
	state_s DOUBLE NOT NULL, 
	assignee_id INTEGER, 
	due_s DOUBLE, 
	reminded_s DOUBLE, 
	community_id INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (community_id, id), 
	FOREIGN KEY(assignee_id) REFERENCES users ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE login_attempts (
	"key" INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	at_s DOUBLE NOT NULL, 
	ok BOOLEAN NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE memberships (
	user_id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	role VARCHAR NOT NULL, 
	PRIMARY KEY (user_id, community_id), 
	FOREIGN KEY(user_id) REFERENCES users ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO "schema_version" VALUES(3);
CREATE TABLE sessions (
	token_sha256 BLOB NOT NULL, 
	user_id INTEGER NOT NULL, 
	community_id INTEGER NOT NULL, 
	csrf VARCHAR NOT NULL, 
	created_s DOUBLE NOT NULL, 
	seen_s DOUBLE NOT NULL, 
	PRIMARY KEY (token_sha256), 
	FOREIGN KEY(user_id) REFERENCES users ("key"), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE sites (
	"key" INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	community_id INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (name), 
	FOREIGN KEY(community_id) REFERENCES communities ("key")
);
CREATE TABLE unclaimed (
	"key" INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	topic VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	at_s DOUBLE NOT NULL, 
	event VARCHAR NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (site, id)
);
CREATE TABLE users (
	"key" INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	full_name VARCHAR NOT NULL, 
	password_hash VARCHAR, 
	subject VARCHAR, 
	disabled BOOLEAN NOT NULL, 
	created_s DOUBLE NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (name), 
	UNIQUE (subject)
);
CREATE INDEX login_attempts_by_address ON login_attempts (address, at_s);
CREATE INDEX login_attempts_by_name ON login_attempts (name, at_s);
CREATE INDEX ix_unclaimed_site ON unclaimed (site);
CREATE INDEX device_events_by_time ON device_events (community_id, device, at_s);
CREATE INDEX incidents_by_time ON incidents (community_id, started_s, "key");
CREATE INDEX incidents_by_device ON incidents (community_id, device, started_s, "key");
CREATE INDEX incidents_by_assignee ON incidents (community_id, assignee_id, started_s, "key");
CREATE INDEX incidents_counted ON incidents (community_id, started_s, kind, building, floor, mass_class, state, received_s);
CREATE INDEX incidents_by_floor ON incidents (community_id, floor, started_s, "key");
CREATE INDEX incidents_by_building ON incidents (community_id, building, started_s, "key");
CREATE INDEX incidents_by_due ON incidents (community_id, due_s);
CREATE INDEX incidents_by_kind ON incidents (community_id, kind, started_s, "key");
CREATE INDEX incidents_by_class ON incidents (community_id, mass_class, started_s, "key");
CREATE INDEX incidents_by_state ON incidents (community_id, state, started_s, "key");
CREATE INDEX evidence_log_by_incident ON evidence_log (community_id, incident_id, "key");
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_case_log_incident_key ON case_log (incident_key);
CREATE INDEX case_log_by_incident ON case_log (community_id, incident_key, to_state, at_s);
CREATE INDEX ix_access_log_incident_key ON access_log (incident_key);
CREATE TRIGGER case_log_no_update BEFORE UPDATE ON case_log BEGIN SELECT RAISE(ABORT, 'case_log is append-only'); END;
CREATE TRIGGER case_log_no_delete BEFORE DELETE ON case_log BEGIN SELECT RAISE(ABORT, 'case_log is append-only'); END;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END;
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER evidence_log_no_update BEFORE UPDATE ON evidence_log BEGIN SELECT RAISE(ABORT, 'evidence_log is append-only'); END;
CREATE TRIGGER evidence_log_no_delete BEFORE DELETE ON evidence_log BEGIN SELECT RAISE(ABORT, 'evidence_log is append-only'); END;
COMMIT;
