/* SPDX-License-Identifier: BSD-3-Clause */
/* Line by line; a name that was read before keeps its first value. */
#include "sip_vq.h"

#include <math.h>

#include "text_pvt.h"

enum {
	DIGITS_MAX = 15, /* of a number: exact in a double */
};

static const struct {
	const char *name;
	uint8_t length;
} metric_names[] = {
#define X(name, help) [SIP_VQ_##name] = {#name, sizeof(#name) - 1},
#include "sip_vq_metrics.def"
#undef X
};

const char *sip_vq_metric_name(enum sip_vq_metric metric)
{
	return metric_names[metric].name;
}

const char *sip_vq_kind_name(enum sip_vq_kind kind)
{
	static const char *const names[] = {
		[SIP_VQ_SESSION] = "session",
		[SIP_VQ_INTERVAL] = "interval",
		[SIP_VQ_ALERT] = "alert",
	};

	return names[kind];
}

bool sip_vq_is(const struct sip_msg *msg)
{
	struct bytes type = bytes_head(msg->content_type, bytes_find(msg->content_type, ';'));

	return msg->is_request && !msg->content_encoding.n &&
	       bytes_eq_nocase(bytes_trim(type), BYTES_LIT("application/vq-rtcpxr"));
}

/* "-18", "4.2"; false for anything else. */
static bool read_number(struct bytes text, double *value)
{
	bool is_negative = text.n && text.p[0] == '-';
	double scale = 1;
	bool has_point = false;
	size_t digits = 0;

	*value = 0;
	for (size_t i = is_negative; i < text.n; i++) {
		if (text.p[i] == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9' || ++digits > DIGITS_MAX)
			return false;
		*value = 10 * *value + (text.p[i] - '0');
		scale *= has_point ? 10 : 1;
	}
	*value = (is_negative ? -1 : 1) * *value / scale;
	return digits > 0;
}

static void keep(struct bytes *slot, struct bytes value)
{
	if (!slot->p)
		*slot = value;
}

/* Takes NAME=VALUE off the front; a value in quotes may have blanks. False: nothing is left. */
static bool take_pair(struct bytes *text, struct bytes *name, struct bytes *value)
{
	struct bytes rest = bytes_trim(*text);
	size_t equals = 0, end;

	while (equals < rest.n && rest.p[equals] != '=' && !ascii_is_blank(rest.p[equals]))
		equals++;
	*name = bytes_head(rest, equals);
	*value = BYTES_NONE;
	if (equals == rest.n || rest.p[equals] != '=') {
		*text = bytes_skip(rest, equals);
		return name->n > 0;
	}
	rest = bytes_skip(rest, equals + 1);
	end = 0;
	if (rest.n && rest.p[0] == '"') {
		rest = bytes_skip(rest, 1);
		end = bytes_find(rest, '"');
		*value = bytes_head(rest, end);
		*text = bytes_skip(rest, end + 1);
		return true;
	}
	while (end < rest.n && !ascii_is_blank(rest.p[end]))
		end++;
	*value = bytes_head(rest, end);
	*text = bytes_skip(rest, end);
	return true;
}

static void take_metric(struct sip_vq_metrics *metrics, struct bytes name, struct bytes value)
{
	double number;

	if (bytes_eq_nocase(name, BYTES_LIT("START")))
		keep(&metrics->start, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("STOP")))
		keep(&metrics->stop, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("PD")))
		keep(&metrics->codec, value);
	for (unsigned i = 0; i < SIP_VQ_METRICS; i++) {
		struct bytes known = bytes_of(metric_names[i].name, metric_names[i].length);

		if (bytes_eq_nocase(name, known) && isnan(metrics->value[i]) &&
			read_number(value, &number))
			metrics->value[i] = number;
	}
}

static void take_metrics(struct sip_vq_metrics *metrics, struct bytes text)
{
	struct bytes name, value;

	while (take_pair(&text, &name, &value))
		take_metric(metrics, name, value);
}

/* Hexadecimal, with or without 0x. */
static bool read_ssrc(struct bytes text, uint32_t *ssrc)
{
	uint64_t value = 0;

	if (bytes_eq_nocase(bytes_head(text, 2), BYTES_LIT("0x")))
		text = bytes_skip(text, 2);
	if (!text.n || text.n > 8)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = ascii_lower(text.p[i]);

		if (c >= '0' && c <= '9')
			value = 16 * value + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = 16 * value + (c - 'a' + 10u);
		else
			return false;
	}
	*ssrc = (uint32_t)value;
	return true;
}

static void take_address(struct sip_vq_end *end, struct bytes text)
{
	struct bytes name, value;
	uint64_t port;

	while (take_pair(&text, &name, &value)) {
		if (bytes_eq_nocase(name, BYTES_LIT("IP")) && !end->family)
			end->family = text_address(value, &end->addr);
		else if (bytes_eq_nocase(name, BYTES_LIT("PORT")) &&
			 text_take_number(&value, &port) && !value.n && port <= UINT16_MAX)
			end->port = (uint16_t)port;
		else if (bytes_eq_nocase(name, BYTES_LIT("SSRC")) && !end->has_ssrc)
			end->has_ssrc = read_ssrc(value, &end->ssrc);
	}
}

/* metrics: of the paragraph that the line is in, NULL before the first. */
static void take_line(struct sip_vq *vq, struct sip_vq_metrics **metrics, struct bytes line)
{
	size_t colon = bytes_find(line, ':');
	struct bytes name = bytes_trim(bytes_head(line, colon));
	struct bytes value = bytes_trim(bytes_skip(line, colon + 1));

	if (bytes_eq_nocase(name, BYTES_LIT("LocalMetrics")))
		*metrics = &vq->local_metrics;
	else if (bytes_eq_nocase(name, BYTES_LIT("RemoteMetrics")))
		*metrics = &vq->remote_metrics;
	else if (bytes_eq_nocase(name, BYTES_LIT("CallID")))
		keep(&vq->call_id, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("LocalID")))
		keep(&vq->local.id, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("RemoteID")))
		keep(&vq->remote.id, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("LocalAddr")))
		take_address(&vq->local, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("RemoteAddr")))
		take_address(&vq->remote, value);
	else if (*metrics)
		take_metrics(*metrics, value);
	if (*metrics)
		(*metrics)->is_there = true;
}

static bool take_kind(struct bytes line, enum sip_vq_kind *kind)
{
	struct bytes name = bytes_trim(bytes_head(line, bytes_find(line, ':')));

	*kind = SIP_VQ_SESSION;
	if (bytes_eq_nocase(name, BYTES_LIT("VQIntervalReport")))
		*kind = SIP_VQ_INTERVAL;
	else if (bytes_eq_nocase(name, BYTES_LIT("VQAlertReport")))
		*kind = SIP_VQ_ALERT;
	else
		return bytes_eq_nocase(name, BYTES_LIT("VQSessionReport"));
	return true;
}

static void clear(struct sip_vq *vq)
{
	*vq = (struct sip_vq){0};
	for (unsigned i = 0; i < SIP_VQ_METRICS; i++)
		vq->local_metrics.value[i] = vq->remote_metrics.value[i] = NAN;
}

bool sip_vq_parse(struct bytes body, struct sip_vq *vq)
{
	struct sip_vq_metrics *metrics = NULL;
	bool has_kind = false;

	clear(vq);
	while (body.n) {
		size_t n = bytes_find_either(body, '\r', '\n');
		struct bytes line = bytes_trim(bytes_head(body, n));

		body = bytes_skip(body, n + 1);
		if (!line.n)
			continue;
		if (!has_kind && !take_kind(line, &vq->kind))
			return false;
		if (has_kind)
			take_line(vq, &metrics, line);
		has_kind = true;
	}
	return vq->call_id.n > 0;
}
