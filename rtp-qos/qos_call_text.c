/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a call is text. */
#include "qos_call.h"
#include "utf8.h"

/* As nearly every tag is. */
static bool is_plain_ascii(struct bytes text)
{
	uint8_t other = 0;

	for (size_t i = 0; i < text.n; i++)
		other |= text.p[i] < ' ' || text.p[i] > '~';
	return !other;
}

void qos_call_copy_text(char *out, size_t size, struct bytes text)
{
	size_t used = 0;

	if (text.n && text.n < size && is_plain_ascii(text)) {
		memcpy(out, text.p, text.n);
		out[text.n] = '\0';
		return;
	}
	while (text.n) {
		uint32_t code = text.p[0];
		unsigned n = code < 0x80 ? 1 : utf8_take(text, &code);
		bool is_shown = n && !utf8_is_control(code);
		size_t room = is_shown ? n : 1;

		if (used + room >= size)
			break;
		if (is_shown)
			memcpy(out + used, text.p, n);
		else
			out[used] = '?';
		used += room;
		text = bytes_skip(text, room);
	}
	out[used] = '\0';
}

const char *qos_call_method_name(const struct qos_call *call)
{
	return call->method == SIP_OTHER ? call->method_name : sip_method_name(call->method);
}

const char *qos_call_state_name(enum qos_call_state state)
{
	switch (state) {
	case QOS_CALL_TRYING:
		return "trying";
	case QOS_CALL_RINGING:
		return "ringing";
	case QOS_CALL_ANSWERED:
		return "answered";
	case QOS_CALL_COMPLETED:
		return "completed";
	case QOS_CALL_CANCELLED:
		return "cancelled";
	case QOS_CALL_FAILED:
		return "failed";
	case QOS_CALL_TIMEOUT:
		return "timeout";
	case QOS_CALL_UNKNOWN:
		return "unknown";
	}
	return "?";
}
