/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS and Diameter as JSON, to the letter: others read these keys. */
#include "hep_encode.h"
#include "json_object.h"
#include "unit.h"

static void writes(void (*write)(struct hep_json *j, struct bytes payload), struct bytes payload,
	const char *want)
{
	uint8_t *copy = guarded_copy(payload.p, payload.n);
	char text[4096];
	size_t n = json_write(write, bytes_of(copy, payload.n), text, sizeof(text) - 1);

	text[n] = '\0';
	assert_true(json_is_valid(bytes_of(text, n)));
	assert_string_equal(text, want);
	guarded_free(copy, payload.n);
}

static void writes_dns(void **state)
{
	static const char naptr[] = "\x12\x34\x85\x80\0\1\0\1\0\0\0\1"
				    "\1\x34\1\x33\4e164\4arpa\0\0\x23\0\1"
				    "\xc0\x0c\0\x23\0\1\0\0\0\x3c\0\x15"
				    "\0\1\0\2\1u\7E2U+sip\5!\"\\1!\0"
				    "\0\0\x29\x10\0\0\0\0\0\0\0";
	static const char srv[] = "\0\1\1\0\0\1\0\0\0\2\0\0\1a\0\0\x21\0\1"
				  "\1a\0\0\x21\0\1\0\0\0\1\0\7\0\1\0\2\x13\xc4\0"
				  "\xff\0\0\1\0\1\0\0\0\1\0\0";

	(void)state;
	writes(hep_json_dns, bytes_of(naptr, sizeof(naptr) - 1),
		"{\"id\":4660,\"qr\":true,\"opcode\":0,\"aa\":true,\"tc\":false,\"rd\":true,"
		"\"ra\":true,\"rescode\":0,\"rcode\":\"NOERROR\",\"qdc\":1,\"anc\":1,\"nsc\":0,"
		"\"arc\":1,\"questions\":[{\"name\":\"4.3.e164.arpa\",\"type\":35,"
		"\"type_name\":\"NAPTR\",\"class\":1,\"number\":\"+34\"}],\"answers\":[{\"name\":"
		"\"4.3.e164.arpa\",\"type\":35,\"type_name\":\"NAPTR\",\"class\":1,\"ttl\":60,"
		"\"naptr\":{\"order\":1,\"preference\":2,\"flags\":\"u\",\"service\":\"E2U+sip\","
		"\"regexp\":\"!\\\"\\\\1!\",\"replacement\":\".\"}}],\"authority\":[],"
		"\"additional\":[]}");
	/* A pointer to what is not there yet is no name; an A of no octets has a length. */
	writes(hep_json_dns, bytes_of(srv, sizeof(srv) - 1),
		"{\"id\":1,\"qr\":false,\"opcode\":0,\"aa\":false,\"tc\":false,\"rd\":true,"
		"\"ra\":false,\"rescode\":0,\"rcode\":\"NOERROR\",\"qdc\":1,\"anc\":0,\"nsc\":2,"
		"\"arc\":0,\"questions\":[{\"name\":\"a\",\"type\":33,\"type_name\":\"SRV\","
		"\"class\":1}],\"answers\":[],\"authority\":[{\"name\":\"a\",\"type\":33,"
		"\"type_name\":\"SRV\",\"class\":1,\"ttl\":1,\"srv\":{\"priority\":1,\"weight\":2,"
		"\"port\":5060,\"target\":\".\"}},{\"name\":null,\"type\":1,\"type_name\":\"A\","
		"\"class\":1,\"ttl\":1,\"length\":0}],\"additional\":[]}");
}

#define HEAD                                                                                            \
	"{\"command\":\"UDR\",\"command_code\":306,\"application\":\"Sh\",\"application_id\":16777217," \
	"\"request\":true,\"proxiable\":true,\"error\":false,\"retransmitted\":false,"                  \
	"\"hop_by_hop\":1,\"end_to_end\":2,"

static void writes_diameter(void **state)
{
	static const char message[] = "\1\0\0\x70\xc0\0\1\x32\1\0\0\1\0\0\0\1\0\0\0\2"
				      "\0\0\1\7\x40\0\0\x0b"
				      "a;\"\0"
				      "\0\0\1\x0c\x40\0\0\x0c\0\0\7\xd1"
				      "\0\0\2\xbc\xc0\0\0\x1c\0\0\x28\xaf"
				      "\0\0\2\xbd\xc0\0\0\x0f\0\0\x28\xaf\x94\x71\xf0\0"
				      "\0\0\2\x72\xc0\0\0\x10\0\0\x28\xafkeys"
				      "\0\0\1\x28\x40\0\0\x0c"
				      "host"
				      "\0\0\x27\x0f\x40\0\0\x0a\xde\xad\0\0";

	(void)state;
	assert_int_equal(sizeof(message) - 1, 0x70);
	writes(hep_json_diameter, bytes_of(message, sizeof(message) - 1),
		HEAD "\"session_id\":\"a;\\\"\",\"result_code\":2001,\"avps\":["
		     "{\"code\":263,\"name\":\"Session-Id\",\"value\":\"a;\\\"\"},"
		     "{\"code\":268,\"name\":\"Result-Code\",\"value\":2001},"
		     "{\"code\":700,\"vendor\":10415,\"name\":\"User-Identity\",\"avps\":["
		     "{\"code\":701,\"vendor\":10415,\"name\":\"MSISDN\",\"value\":\"49170\"}]},"
		     "{\"code\":626,\"vendor\":10415,\"name\":\"Integrity-Key\",\"length\":4},"
		     "{\"code\":296,\"name\":\"Origin-Realm\",\"value\":\"host\"},"
		     "{\"code\":9999,\"length\":2}]}");
}

/* count groups, each in the one before; the octets of their headers are all there is. */
static size_t nest(uint8_t *out, unsigned count)
{
	static const uint8_t head[20] = {
		1, 0, 0, 0, 0xc0, 0, 1, 0x32, 1, 0, 0, 1, [15] = 1, [19] = 2};
	size_t n = sizeof(head) + (size_t)8 * count;

	memcpy(out, head, sizeof(head));
	out[2] = (uint8_t)(n >> 8);
	out[3] = (uint8_t)n;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *p = out + sizeof(head) + 8 * i;
		size_t left = (size_t)8 * (count - i);

		memcpy(p,
			(const uint8_t[8]){
				0, 0, 1, 0x17, 0x40, 0, (uint8_t)(left >> 8), (uint8_t)left},
			8);
	}
	return n;
}

static void groups_are_bounded(void **state)
{
	uint8_t in[20 + 8 * 300];

	(void)state;
	/* What is in the fourth is octets. */
	writes(hep_json_diameter, bytes_of(in, nest(in, 5)),
		HEAD "\"session_id\":\"\",\"avps\":["
		     "{\"code\":279,\"name\":\"Failed-AVP\",\"avps\":["
		     "{\"code\":279,\"name\":\"Failed-AVP\",\"avps\":["
		     "{\"code\":279,\"name\":\"Failed-AVP\",\"avps\":["
		     "{\"code\":279,\"name\":\"Failed-AVP\",\"length\":8}]}]}]}]}");
}

/* A response with count answers of a type, without data, and OPT. */
static size_t answers(uint8_t *out, unsigned count, uint8_t type)
{
	static const uint8_t head[] = {
		0, 1, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 'a', 0, 0, 33, 0, 1};
	size_t n = sizeof(head);

	memcpy(out, head, n);
	out[7] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++, n += 12)
		memcpy(out + n, (const uint8_t[12]){0xc0, 12, 0, type, 0, 1}, 12);
	memcpy(out + n, (const uint8_t[11]){0, 0, 41}, 11);
	return n + 11;
}

static void more_than_64_records_are_cut(void **state)
{
	static char text[70000];
	static uint8_t in[4096];

	(void)state;
	for (unsigned count = 63; count <= 66; count++) {
		size_t n = answers(in, count, 1);
		struct bytes json = bytes_of(
			text, json_write(hep_json_dns, bytes_of(in, n), text, sizeof(text)));

		assert_true(json_is_valid(json));
		assert_int_equal(json_count(json, BYTES_LIT("\"ttl\":")), count < 64 ? count : 64);
		assert_int_equal(json_get(json, "cut").n, count > 64 ? 4 : 0);
	}
	/* OPT alone is not missed. */
	assert_int_equal(
		json_get(bytes_of(text, json_write(hep_json_dns, bytes_of(in, answers(in, 200, 41)),
						text, sizeof(text))),
			"cut")
			.n,
		0);
}

/* 60 SRV whose names and targets are pointers to one of 250 octets, each \\DDD in JSON: 150 KB of 1.5. */
static void names_that_grow_are_cut_where_a_message_ends(void **state)
{
	static const struct hep_options o = {.node_name = "probe"};
	static uint8_t in[4096], out[70000];
	static char text[200000], again[200000];
	struct pkt_view view = {.flow = {.family = 6, .proto = PKT_UDP}};
	size_t n = 12, room, size;
	struct bytes json;

	(void)state;
	in[2] = 0x80;
	in[5] = 1;
	in[7] = 60;
	for (unsigned i = 0; i < 4; i++, n += 63)
		in[n] = 62;
	in[n + 2] = 33;
	in[n + 4] = 1;
	n += 5;
	for (unsigned i = 0; i < 60; i++, n += 20)
		memcpy(in + n,
			(const uint8_t[20]){0xc0, 12, 0, 33, 0, 1, [11] = 8, [18] = 0xc0, 12}, 20);
	size = json_write(hep_json_dns, bytes_of(in, n), text, sizeof(text));
	json = bytes_of(text, size);
	assert_true(json_is_valid(json));
	assert_true(size <= HEP_JSON_MAX && size > HEP_JSON_MAX - 3000);
	assert_true(bytes_eq(json_get(json, "cut"), BYTES_LIT("true")));
	/* With any more room, the same; with less, nothing. */
	for (room = HEP_JSON_MAX - 1; room < HEP_JSON_MAX + 3000; room++) {
		size_t got = json_write(hep_json_dns, bytes_of(in, n), again, room);

		assert_int_equal(got, room < HEP_JSON_MAX ? 0 : size);
		assert_memory_equal(text, again, got);
	}
	view.payload = bytes_of(in, n);
	assert_true(hep_encode_dns(&o, &view, 0, BYTES_LIT("id"), out, sizeof(out)) > size);
}

/* 30 Error-Messages of 2,000 octets, each \\u0001, in four groups. */
static void avps_that_grow_are_cut_where_a_message_ends(void **state)
{
	static uint8_t in[65536];
	static char text[500000];
	size_t n = nest(in, 3), size;
	struct bytes json;

	(void)state;
	for (unsigned i = 0; i < 30; i++, n += 2008) {
		memcpy(in + n, (const uint8_t[8]){0, 0, 1, 0x19, 0x40, 0, 0x07, 0xd8}, 8);
		memset(in + n + 8, 1, 2000);
	}
	in[2] = (uint8_t)(n >> 8);
	in[3] = (uint8_t)n;
	for (size_t at = 20; at < 44; at += 8) {
		in[at + 6] = (uint8_t)((n - at) >> 8);
		in[at + 7] = (uint8_t)(n - at);
	}
	size = json_write(hep_json_diameter, bytes_of(in, n), text, sizeof(text));
	json = bytes_of(text, size);
	assert_true(json_is_valid(json));
	assert_true(size <= HEP_JSON_MAX && size > HEP_JSON_MAX - 13000);
	assert_true(bytes_eq(json_get(json, "cut"), BYTES_LIT("true")));
	assert_int_equal(json_count(json, BYTES_LIT("Error-Message")), 5);
}

static void no_more_than_256_avps_are_written(void **state)
{
	static char text[65536];
	uint8_t in[20 + 8 * 300];
	size_t n = nest(in, 300);
	(void)state;
	/* Not in each other, but one behind the other. */
	for (size_t at = 20; at < n; at += 8) {
		in[at + 6] = 0;
		in[at + 7] = 8;
	}
	n = json_write(hep_json_diameter, bytes_of(in, n), text, sizeof(text));
	assert_true(bytes_eq(json_get(bytes_of(text, n), "cut"), BYTES_LIT("true")));
	assert_true(json_is_valid(bytes_of(text, n)));
	assert_int_equal(json_count(bytes_of(text, n), BYTES_LIT("{\"code\":")), 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_dns),
		cmocka_unit_test(writes_diameter),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(no_more_than_256_avps_are_written),
		cmocka_unit_test(more_than_64_records_are_cut),
		cmocka_unit_test(names_that_grow_are_cut_where_a_message_ends),
		cmocka_unit_test(avps_that_grow_are_cut_where_a_message_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
