-- SPDX-License-Identifier: BSD-3-Clause
-- Tables of the shape that HOMER 7 has, and the function that files one HEP message into them.
CREATE TABLE hep_proto_1_call (
	id bigserial PRIMARY KEY,
	sid text NOT NULL,
	create_date timestamptz NOT NULL,
	protocol_header jsonb NOT NULL,
	data_header jsonb NOT NULL,
	raw bytea NOT NULL
);
CREATE TABLE hep_proto_1_registration (LIKE hep_proto_1_call INCLUDING ALL);
CREATE TABLE hep_proto_1_default (LIKE hep_proto_1_call INCLUDING ALL);
CREATE TABLE hep_proto_5_default (LIKE hep_proto_1_call INCLUDING ALL);
CREATE TABLE hep_proto_35_default (LIKE hep_proto_1_call INCLUDING ALL);
CREATE TABLE hep_proto_100_default (LIKE hep_proto_1_call INCLUDING ALL);

-- SIP goes by its CSeq method, RTCP and logs by their types, everything else to 35: as HOMER does it.
CREATE FUNCTION file_hep(kind int, src text, sport int, dst text, dport int, sec bigint, usec int,
	capture_id bigint, sid text, payload bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	head jsonb := jsonb_build_object('srcIp', host(src::inet), 'srcPort', sport, 'dstIp',
		host(dst::inet), 'dstPort', dport, 'timeSeconds', sec, 'timeUseconds', usec,
		'payloadType', kind, 'captureId', capture_id, 'correlation_id', sid);
	data jsonb := '{}';
	place text := CASE kind WHEN 1 THEN '1_default' WHEN 5 THEN '5_default'
		WHEN 100 THEN '100_default' ELSE '35_default' END;
	method text;
BEGIN
	IF kind = 1 THEN
		method := substring(convert_from(payload, 'LATIN1') FROM '(?in)^CSeq:\s*\d+\s+(\w+)');
		data := jsonb_build_object('method', method);
		IF method IN ('INVITE', 'ACK', 'BYE', 'CANCEL', 'UPDATE', 'PRACK', 'REFER', 'INFO', 'NOTIFY')
		THEN
			place := '1_call';
		ELSIF method = 'REGISTER' THEN
			place := '1_registration';
		END IF;
	ELSE
		data := convert_from(payload, 'UTF8')::jsonb; -- refuses what is no JSON
	END IF;
	EXECUTE format('INSERT INTO %I (sid, create_date, protocol_header, data_header, raw) '
		'VALUES ($1, to_timestamp($2), $3, $4, $5)', 'hep_proto_' || place)
		USING sid, sec, head, data, payload;
END $$;

-- Everything that was filed, for the comparison.
CREATE VIEW filed AS
	SELECT 'call' AS "table", * FROM hep_proto_1_call
	UNION ALL SELECT 'registration', * FROM hep_proto_1_registration
	UNION ALL SELECT 'default', * FROM hep_proto_1_default
	UNION ALL SELECT 'rtcp', * FROM hep_proto_5_default
	UNION ALL SELECT 'other', * FROM hep_proto_35_default
	UNION ALL SELECT 'log', * FROM hep_proto_100_default;
