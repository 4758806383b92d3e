/* SPDX-License-Identifier: BSD-3-Clause */
/* What --rate was given. */
#include "probe_rate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_MAX = 16, /* characters */
	CLOCK_MIN = 1000, /* "opus/48000": no mode is that large, no clock that small */
};

enum key {
	KEY_CODEC = 0,
	KEY_LOSS,
	KEY_BURSTR,
	KEY_DELAY,
	KEYS,
};

/* The last two end where no formula has anything more to say. */
static const struct {
	const char *name;
	double min, max;
} keys[KEYS] = {
	[KEY_CODEC] = {.name = "codec"},
	[KEY_LOSS] = {"loss", 0, 100},
	[KEY_BURSTR] = {"burstr", 1, 1000},
	[KEY_DELAY] = {"delay", 0, 10000},
};

static int __attribute__((format(printf, 2, 3)))
refuse(struct probe_rate *rate, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(rate->reason, sizeof(rate->reason), format, args);
	va_end(args);
	return -EINVAL;
}

/* Digits with at most one point among them and a sign before: no exponent, no hex, no inf and nan, which
 * strtod all takes. */
static bool parse_number(struct bytes text, double *number)
{
	char copy[NUMBER_MAX + 1];
	unsigned points = 0;
	unsigned digits = 0;

	if (text.n > NUMBER_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		points += c == '.';
		digits += c >= '0' && c <= '9';
		copy[i] = (char)c;
	}
	copy[text.n] = '\0';
	if (!digits || points > 1 || digits + points + (copy[0] == '-') != text.n)
		return false;
	*number = strtod(copy, NULL) + 0.0; /* no negative zero */
	return true;
}

static int take_number(struct probe_rate *rate, enum key key, struct bytes value, double *number)
{
	const char *name = keys[key].name;

	if (!parse_number(value, number))
		return refuse(rate, "\"%s\" is \"%.*s\", must be a number", name, (int)value.n,
			(const char *)value.p);
	if (*number < keys[key].min || *number > keys[key].max)
		return refuse(rate, "\"%s\" is %.*s, must be between %g and %g", name, (int)value.n,
			(const char *)value.p, keys[key].min, keys[key].max);
	return 0;
}

static int unknown_mode(struct probe_rate *rate, struct bytes name, struct bytes mode)
{
	const struct qos_codec *known = qos_codec_next_mode(name, NULL);
	const char *lead = ", only ";

	refuse(rate, "codec \"%.*s\" has no mode or clock \"%.*s\"", (int)name.n,
		(const char *)name.p, (int)mode.n, (const char *)mode.p);
	for (; known; known = qos_codec_next_mode(name, known), lead = ", ") {
		size_t used = strlen(rate->reason);

		snprintf(rate->reason + used, sizeof(rate->reason) - used, "%s%s", lead,
			known->mode);
	}
	return -EINVAL;
}

/* "G729", "AMR-WB/12.65" or, as in an rtpmap, "opus/48000". */
static int take_codec(struct probe_rate *rate, struct bytes value)
{
	size_t slash = bytes_find(value, '/');
	struct bytes name = bytes_head(value, slash);
	struct bytes mode = bytes_skip(value, slash + 1);
	double number = 0;
	bool is_clock = parse_number(mode, &number) && number >= CLOCK_MIN && number <= UINT32_MAX;

	if (!qos_codec_find(name, 0))
		return refuse(rate,
			"unknown codec \"%.*s\", must be named as in SDP: PCMU, G729, AMR-WB, ...",
			(int)name.n, (const char *)name.p);
	if (slash == value.n || is_clock)
		rate->codec = qos_codec_find(name, (uint32_t)number);
	else
		rate->codec = mode.n ? qos_codec_find_mode(name, mode, 0) : NULL;
	if (!rate->codec)
		return unknown_mode(rate, name, mode);
	if (rate->codec->kind != QOS_AUDIO)
		return refuse(
			rate, "\"%.*s\" is not a speech codec", (int)name.n, (const char *)name.p);
	return 0;
}

static enum key find_key(struct bytes name)
{
	unsigned key = 0;

	while (key < KEYS && !bytes_eq(name, bytes_from_str(keys[key].name)))
		key++;
	return key;
}

static int take_item(struct probe_rate *rate, struct bytes item, unsigned *seen)
{
	size_t equals = bytes_find(item, '=');
	struct bytes name = bytes_head(item, equals);
	struct bytes value = bytes_skip(item, equals + 1);
	enum key key = find_key(name);

	if (key == KEYS)
		return refuse(rate, "unknown key \"%.*s\", must be codec, loss, burstr or delay",
			(int)name.n, (const char *)name.p);
	if (!value.n)
		return refuse(rate, "key \"%s\" needs a value", keys[key].name);
	if (*seen & 1u << key)
		return refuse(rate, "key \"%s\" is given twice", keys[key].name);
	*seen |= 1u << key;
	switch (key) {
	case KEY_CODEC:
		return take_codec(rate, value);
	case KEY_LOSS:
		return take_number(rate, key, value, &rate->loss);
	case KEY_BURSTR:
		return take_number(rate, key, value, &rate->burst_r);
	default:
		rate->has_delay = true;
		return take_number(rate, key, value, &rate->delay_ms);
	}
}

int probe_rate_parse(const char *text, struct probe_rate *rate)
{
	struct bytes rest = bytes_from_str(text);
	unsigned seen = 0;
	size_t comma;

	*rate = (struct probe_rate){.burst_r = 1};
	for (;;) {
		comma = bytes_find(rest, ',');
		if (take_item(rate, bytes_head(rest, comma), &seen) != 0)
			return -EINVAL;
		if (comma == rest.n)
			break;
		rest = bytes_skip(rest, comma + 1);
	}
	if (!rate->codec)
		return refuse(rate, "key \"codec\" is missing");
	return 0;
}
