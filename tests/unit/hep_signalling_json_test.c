/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS and Diameter as JSON, to the letter: others read these keys. */
#include "hep_json.h"
#include "json_check.h"
#include "unit.h"

static void writes(void (*write)(struct hep_json *j, struct bytes payload), struct bytes payload,
	const char *want)
{
	uint8_t *copy = guarded_copy(payload.p, payload.n);
	char text[4096];
	struct hep_json j;
	size_t n;

	hep_json_init(&j, text, sizeof(text) - 1);
	hep_json_open(&j, NULL, '{');
	write(&j, bytes_of(copy, payload.n));
	hep_json_close(&j, '}');
	n = hep_json_finish(&j);
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

static void no_more_than_256_avps_are_written(void **state)
{
	static char text[65536];
	uint8_t in[20 + 8 * 300];
	size_t n = nest(in, 300);
	struct hep_json j;

	(void)state;
	/* Not in each other, but one behind the other. */
	for (size_t at = 20; at < n; at += 8) {
		in[at + 6] = 0;
		in[at + 7] = 8;
	}
	hep_json_init(&j, text, sizeof(text));
	hep_json_open(&j, NULL, '{');
	hep_json_diameter(&j, bytes_of(in, n));
	hep_json_close(&j, '}');
	n = hep_json_finish(&j);
	assert_true(bytes_eq(json_get(bytes_of(text, n), "cut"), BYTES_LIT("true")));
	assert_true(json_is_valid(bytes_of(text, n)));
	n = 0;
	for (const char *p = text; (p = strstr(p, "{\"code\":")); p++)
		n++;
	assert_int_equal(n, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_dns),
		cmocka_unit_test(writes_diameter),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(no_more_than_256_avps_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
