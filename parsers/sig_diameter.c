/* SPDX-License-Identifier: BSD-3-Clause */
#include "sig_diameter.h"

enum {
	VERSION = 1,
	BEGIN_MIN = 4, /* octets that say something */
	RESERVED_FLAGS = 0x0f,
	COMMAND_MIN = 257, /* of those in use, RFC 6733 section 11.2 */
	COMMAND_MAX = 600,
	COMMAND_VENDOR = 8388608, /* from here on, of vendors */
	APPLICATION_MAX = 20, /* of the IETF's */
	APPLICATION_VENDOR = 16777216,
	APPLICATION_VENDOR_MAX = APPLICATION_VENDOR + 1024,
	APPLICATION_RELAY = -1,
	AVP_BYTES = 8,
	AVP_VENDOR_BYTES = 12,
	AVP_VENDOR = 0x80,
	SESSION_ID = 263,
};

static bool is_command(uint32_t command)
{
	return (command >= COMMAND_MIN && command <= COMMAND_MAX) || command >= COMMAND_VENDOR;
}

static bool is_application(uint32_t application)
{
	return application <= APPLICATION_MAX ||
	       (application >= APPLICATION_VENDOR && application <= APPLICATION_VENDOR_MAX) ||
	       application == (uint32_t)APPLICATION_RELAY;
}

bool sig_diameter_begins(struct bytes in)
{
	uint32_t length;

	if (in.n < BEGIN_MIN || in.p[0] != VERSION)
		return false;
	length = sig_diameter_length(in);
	if (length < SIG_DIAMETER_HEADER || length % 4)
		return false;
	return in.n < 8 || is_command(be32(in.p + 4) & 0xffffff);
}

bool sig_diameter_is_likely(struct bytes in)
{
	return sig_diameter_begins(in) && (in.n < 5 || !(in.p[4] & RESERVED_FLAGS)) &&
	       (in.n < 12 || is_application(be32(in.p + 8)));
}

bool sig_avp_next(struct bytes *in, struct sig_avp *avp)
{
	size_t head = AVP_BYTES, length, padded;
	const uint8_t *p = in->p;

	if (in->n < AVP_BYTES)
		return false;
	if (p[4] & AVP_VENDOR)
		head = AVP_VENDOR_BYTES;
	length = be32(p + 4) & 0xffffff;
	if (length < head || length > in->n)
		return false;
	*avp = (struct sig_avp){
		.code = be32(p),
		.vendor = head == AVP_VENDOR_BYTES ? be32(p + 8) : 0,
		.data = bytes_of(p + head, length - head),
	};
	padded = (length + 3) & ~(size_t)3;
	*in = bytes_skip(*in, padded);
	return true;
}

bool sig_avps_are_whole(struct bytes in)
{
	struct sig_avp avp;

	while (sig_avp_next(&in, &avp))
		;
	return !in.n;
}

bool sig_avp_find(struct bytes in, uint32_t code, struct sig_avp *avp)
{
	while (sig_avp_next(&in, avp))
		if (avp->code == code && !avp->vendor)
			return true;
	return false;
}

bool sig_diameter_parse(struct bytes in, struct sig_diameter *d)
{
	if (in.n < SIG_DIAMETER_HEADER || !sig_diameter_begins(in) ||
		sig_diameter_length(in) != in.n)
		return false;
	*d = (struct sig_diameter){
		.flags = in.p[4],
		.command = be32(in.p + 4) & 0xffffff,
		.application = be32(in.p + 8),
		.hop_by_hop = be32(in.p + 12),
		.end_to_end = be32(in.p + 16),
		.avps = bytes_skip(in, SIG_DIAMETER_HEADER),
	};
	return sig_avps_are_whole(d->avps);
}

const struct sig_avp_name *sig_avp_name(const struct sig_avp *avp)
{
	static const struct sig_avp_name names[] = {
#define X(code, vendor, name, type) {code, vendor, name, SIG_AVP_##type},
#include "sig_avps.def"
#undef X
	};
	size_t low = 0, high = sizeof(names) / sizeof(names[0]);

	/* In the order of their codes, each of which stands there once. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (names[middle].code < avp->code)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == sizeof(names) / sizeof(names[0]) || names[low].code != avp->code ||
		names[low].vendor != avp->vendor)
		return NULL;
	return &names[low];
}

const char *sig_diameter_interface(uint32_t application)
{
	switch (application) {
	case SIG_DIAMETER_CX:
		return "Cx";
	case SIG_DIAMETER_SH:
		return "Sh";
	case SIG_DIAMETER_RX:
		return "Rx";
	default:
		return NULL;
	}
}

const char *sig_diameter_command(uint32_t command)
{
	static const struct {
		uint32_t command;
		const char *name;
	} names[] = {{258, "RA"}, {265, "AA"}, {274, "AS"}, {275, "ST"}, {300, "UA"}, {301, "SA"},
		{302, "LI"}, {303, "MA"}, {304, "RT"}, {305, "PP"}, {306, "UD"}, {307, "PU"},
		{308, "SN"}, {309, "PN"}};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].command == command)
			return names[i].name;
	return NULL;
}

struct bytes sig_diameter_session(const struct sig_diameter *d)
{
	struct sig_avp avp;

	return sig_avp_find(d->avps, SESSION_ID, &avp) ? avp.data : BYTES_NONE;
}
