/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of a type 56 Diameter message: its header, what it is looked for by, and its AVPs in their order, groups
 * in groups. What lets others in (keys, the hash of a password) is not written, only how long it is. */
#include "hep_json.h"
#include "hep_number.h"
#include "sig_diameter.h"

enum {
	DEPTH_MAX = 4, /* groups in groups; what is deeper is octets */
	AVPS_MAX = 256, /* written of one message */
	TEXT_MAX = 2048, /* octets written of one AVP */
	USER_DATA_MAX = 16384, /* of XML */
	HEX_MAX = 64,
	USER_DATA_CX = 606,
	USER_DATA_SH = 702,
	RESULT_CODE = 268,
	EXPERIMENTAL_RESULT = 297,
	EXPERIMENTAL_RESULT_CODE = 298,
	ADDRESS_IP4 = 1, /* families of addresses, RFC 6733 section 4.3.1 */
	ADDRESS_IP6 = 2,
	DIGITS_MAX = 32,
};

static void put_hex(struct hep_json *j, struct bytes data)
{
	char text[2 * HEX_MAX];
	struct bytes head = bytes_head(data, HEX_MAX);
	size_t n = hep_number_hex(text, head.p, head.n, "0123456789abcdef");

	hep_json_string(j, "hex", bytes_of(text, n));
	if (data.n > head.n)
		hep_json_u64(j, "length", data.n);
}

static bool is_user_data(uint32_t code)
{
	return code == USER_DATA_CX || code == USER_DATA_SH;
}

static void put_text(struct hep_json *j, const struct sig_avp *avp)
{
	struct bytes head =
		bytes_head(avp->data, is_user_data(avp->code) ? USER_DATA_MAX : TEXT_MAX);

	hep_json_string(j, "value", head);
	if (avp->data.n > head.n)
		hep_json_u64(j, "length", avp->data.n);
}

static bool is_printable(struct bytes data)
{
	for (size_t i = 0; i < data.n; i++)
		if ((data.p[i] < ' ' || data.p[i] >= 0x7f) && !ascii_is_blank(data.p[i]))
			return false;
	return true;
}

static bool put_ip(struct hep_json *j, struct bytes address)
{
	if (address.n != 4 && address.n != 16)
		return false;
	hep_json_ip(j, "value", address);
	return true;
}

static bool put_address(struct hep_json *j, struct bytes data)
{
	uint16_t family = data.n > 2 ? be16(data.p) : 0;

	return ((family == ADDRESS_IP4 && data.n == 2 + 4) ||
		       (family == ADDRESS_IP6 && data.n == 2 + 16)) &&
	       put_ip(j, bytes_skip(data, 2));
}

static bool put_number(struct hep_json *j, struct bytes data)
{
	if (data.n != 4 && data.n != 8)
		return false;
	hep_json_u64(j, "value", data.n == 4 ? be32(data.p) : be64(data.p));
	return true;
}

/* TBCD: the low half first, 15 fills the last octet. */
static bool put_digits(struct hep_json *j, struct bytes data)
{
	char text[DIGITS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < 2 * data.n; i++) {
		uint8_t digit = i & 1 ? data.p[i / 2] >> 4 : data.p[i / 2] & 15;

		if (digit == 15 && i == 2 * data.n - 1)
			break;
		if (digit > 9 || n == sizeof(text))
			return false;
		text[n++] = (char)('0' + digit);
	}
	hep_json_string(j, "value", bytes_of(text, n));
	return true;
}

/* Of any type but a group. */
static void put_value(
	struct hep_json *j, const struct sig_avp *avp, const struct sig_avp_name *name)
{
	enum sig_avp_type type = name ? name->type : SIG_AVP_KEY;
	bool is_written = false;

	switch (type) {
	/* What is not known, or is a group that was not opened, may hold a secret. */
	case SIG_AVP_KEY:
	case SIG_AVP_GROUP:
		hep_json_u64(j, "length", avp->data.n);
		return;
	case SIG_AVP_TEXT:
		put_text(j, avp);
		return;
	case SIG_AVP_NUMBER:
		is_written = put_number(j, avp->data);
		break;
	case SIG_AVP_ADDRESS:
		is_written = put_address(j, avp->data);
		break;
	case SIG_AVP_OCTETS_IP:
		is_written = put_ip(j, avp->data);
		break;
	case SIG_AVP_DIGITS:
		is_written = put_digits(j, avp->data);
		break;
	default:
		break;
	}
	if (is_written)
		return;
	/* XML may be in UTF-8. */
	if (type == SIG_AVP_OCTETS && (is_user_data(avp->code) || is_printable(avp->data)))
		put_text(j, avp);
	else
		put_hex(j, avp->data);
}

static void open_avp(struct hep_json *j, const struct sig_avp *avp, const struct sig_avp_name *name)
{
	hep_json_open(j, NULL, '{');
	hep_json_u64(j, "code", avp->code);
	if (avp->vendor)
		hep_json_u64(j, "vendor", avp->vendor);
	if (name)
		hep_json_string(j, "name", bytes_from_str(name->name));
}

/* A group that is gone into stays open. */
static bool opens(const struct sig_avp *avp, unsigned depth)
{
	const struct sig_avp_name *name = sig_avp_name(avp);

	return name && name->type == SIG_AVP_GROUP && depth + 1 < DEPTH_MAX &&
	       sig_avps_are_whole(avp->data);
}

/* False: there is no more room. */
static bool put_avp(struct hep_json *j, const struct sig_avp *avp, bool is_open)
{
	const struct sig_avp_name *name = sig_avp_name(avp);
	struct hep_json_mark mark = hep_json_begin_part(j);

	open_avp(j, avp, name);
	if (is_open) {
		hep_json_open(j, "avps", '[');
	} else {
		put_value(j, avp, name);
		hep_json_close(j, '}');
	}
	return hep_json_end_part(j, &mark);
}

/* True: all of them were written. */
static bool put_avps(struct hep_json *j, struct bytes avps)
{
	struct bytes rest[DEPTH_MAX] = {avps};
	unsigned depth = 0, left = AVPS_MAX;
	bool is_all = true;

	hep_json_open(j, "avps", '[');
	for (;;) {
		struct sig_avp avp;
		bool is_open;

		if (!left && rest[depth].n) {
			is_all = false;
			rest[depth] = BYTES_NONE;
		}
		if (!sig_avp_next(&rest[depth], &avp)) {
			hep_json_close(j, ']');
			if (!depth)
				return is_all;
			hep_json_close(j, '}');
			depth--;
			continue;
		}
		left--;
		is_open = opens(&avp, depth);
		if (!put_avp(j, &avp, is_open)) {
			is_all = false;
			left = 0;
		} else if (is_open) {
			rest[++depth] = avp.data;
		}
	}
}

static void put_code(struct hep_json *j, const char *key, struct bytes avps, uint32_t code)
{
	struct sig_avp avp;

	if (sig_avp_find(avps, code, &avp) && avp.data.n == 4)
		hep_json_u64(j, key, be32(avp.data.p));
}

static void put_header(struct hep_json *j, const struct sig_diameter *d)
{
	const char *interface = sig_diameter_interface(d->application);
	const char *command = sig_diameter_command(d->command);
	char name[3];

	if (command) {
		memcpy(name, command, 2);
		name[2] = d->flags & SIG_DIAMETER_REQUEST ? 'R' : 'A';
		hep_json_string(j, "command", bytes_of(name, sizeof(name)));
	}
	hep_json_u64(j, "command_code", d->command);
	if (interface)
		hep_json_string(j, "application", bytes_from_str(interface));
	hep_json_u64(j, "application_id", d->application);
	hep_json_bool(j, "request", d->flags & SIG_DIAMETER_REQUEST);
	hep_json_bool(j, "proxiable", d->flags & SIG_DIAMETER_PROXIABLE);
	hep_json_bool(j, "error", d->flags & SIG_DIAMETER_ERROR);
	hep_json_bool(j, "retransmitted", d->flags & SIG_DIAMETER_RETRANSMITTED);
	hep_json_u64(j, "hop_by_hop", d->hop_by_hop);
	hep_json_u64(j, "end_to_end", d->end_to_end);
}

void hep_json_diameter(struct hep_json *j, struct bytes payload)
{
	struct sig_diameter d;
	struct sig_avp group;

	if (!sig_diameter_parse(payload, &d))
		return;
	put_header(j, &d);
	hep_json_string(j, "session_id", bytes_head(sig_diameter_session(&d), TEXT_MAX));
	put_code(j, "result_code", d.avps, RESULT_CODE);
	if (sig_avp_find(d.avps, EXPERIMENTAL_RESULT, &group))
		put_code(j, "experimental_result_code", group.data, EXPERIMENTAL_RESULT_CODE);
	if (!put_avps(j, d.avps))
		hep_json_bool(j, "cut", true);
}
