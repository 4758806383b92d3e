/* SPDX-License-Identifier: BSD-3-Clause */
/* What --rate answers. */
#include <stdarg.h>
#include <stdio.h>

#include "hep_json.h"
#include "probe_rate.h"
#include "qos_emodel.h"

struct result {
	bool has_score;
	double ie_eff, id, r, mos_cq;
	double mos_lq; /* without the delay */
};

static struct result work_out(const struct probe_rate *rate)
{
	const struct qos_codec *codec = rate->codec;
	enum qos_scale scale = codec->scale;
	struct result result = {.has_score = codec->basis != QOS_BASIS_NONE};
	double r_lq;

	result.ie_eff = qos_emodel_ie_eff(scale, codec->ie, codec->bpl, rate->loss, rate->burst_r);
	result.id = qos_emodel_id(scale, rate->delay_ms);
	result.r = qos_emodel_r(scale, result.ie_eff, result.id);
	result.mos_cq = qos_emodel_mos(scale, result.r);
	r_lq = qos_emodel_r(scale, result.ie_eff, qos_emodel_id(scale, 0));
	result.mos_lq = qos_emodel_mos(scale, r_lq);
	return result;
}

static void __attribute__((format(printf, 3, 4)))
row(const char *name, const char *value, const char *format, ...)
{
	va_list args;

	printf("%-7s %15s  ", name, value);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void number(const char *name, double value, int decimals, const char *remark)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*f", decimals, value);
	row(name, text, "%s", remark);
}

/* The remark of Ie,eff: what went in, and where the Recommendation does not go along. */
static void describe_loss(const struct probe_rate *rate, char *text, size_t room)
{
	const char *doubt = "";

	if (rate->codec->scale != QOS_NB && rate->burst_r > 1)
		doubt = ", which this scale has no term for";
	else if (rate->burst_r > 2 && rate->loss >= 2)
		doubt = ": G.107 holds to 2, or below 2 % loss";
	snprintf(text, room, "%g %% loss, burst ratio %g%s", rate->loss, rate->burst_r, doubt);
}

static const char *recommendation(enum qos_scale scale)
{
	static const char *const texts[] = {
		[QOS_NB] = "narrowband, ITU-T G.107",
		[QOS_WB] = "wideband, ITU-T G.107.1",
		[QOS_FB] = "fullband, ITU-T G.107.2",
	};

	return texts[scale];
}

static const char *provenance(enum qos_basis basis)
{
	static const char *const texts[] = {
		[QOS_BASIS_NONE] = "no Ie and Bpl are known",
		[QOS_BASIS_G113] = "Ie and Bpl stand in ITU-T G.113",
		[QOS_BASIS_LIT] = "Ie and Bpl are of the literature, not of ITU-T",
		[QOS_BASIS_ASSUMED] = "Ie, Bpl or the mode is an assumption",
	};

	return texts[basis];
}

static void print_score(const struct probe_rate *rate, const struct result *result)
{
	const struct qos_codec *codec = rate->codec;
	char remark[128];

	number("Ie", codec->ie, 1, "equipment impairment, no loss");
	snprintf(remark, sizeof(remark), "robustness against loss");
	if (codec->bpl_bursty > 0)
		snprintf(remark, sizeof(remark), "robustness against random loss, %.1f bursty",
			codec->bpl_bursty);
	number("Bpl", codec->bpl, 1, remark);
	describe_loss(rate, remark, sizeof(remark));
	number("Ie,eff", result->ie_eff, 3, remark);
	snprintf(remark, sizeof(remark), "%g ms one way; %.3f without delay", rate->delay_ms,
		qos_emodel_id(codec->scale, 0));
	number("Id", result->id, 3, rate->has_delay ? remark : "no delay");
	snprintf(remark, sizeof(remark), "%.1f is the best there is",
		qos_emodel_r_best(codec->scale));
	number("R", result->r, 3, remark);
	snprintf(remark, sizeof(remark), "MOS-CQ; %.3f without the delay (MOS-LQ)", result->mos_lq);
	number("MOS", result->mos_cq, 3, rate->has_delay ? remark : "MOS-LQ, as reports have it");
	if (codec->scale != QOS_NB)
		return;
	number("GoB", qos_emodel_gob(result->r), 1, "percent find it good or better");
	number("PoW", qos_emodel_pow(result->r), 1, "percent find it poor or worse");
}

static void print_text(const struct probe_rate *rate, const struct result *result)
{
	const struct qos_codec *codec = rate->codec;
	char name[32];

	snprintf(name, sizeof(name), "%s%s%s", codec->name, *codec->mode ? "/" : "", codec->mode);
	row("codec", name, "%u Hz", codec->clock);
	if (!result->has_score) {
		row("scale", "-", "none has this codec");
		row("basis", qos_basis_name(codec->basis), "%s", provenance(codec->basis));
		return;
	}
	row("scale", qos_scale_name(codec->scale), "%s", recommendation(codec->scale));
	row("basis", qos_basis_name(codec->basis), "%s", provenance(codec->basis));
	print_score(rate, result);
}

static void put(struct hep_json *j, const char *key, const struct result *result, double v)
{
	if (result->has_score)
		hep_json_double(j, key, v, 6);
	else
		hep_json_null(j, key);
}

static void put_text(struct hep_json *j, const char *key, const char *text)
{
	hep_json_string(j, key, bytes_from_str(text));
}

/* The keys of a report where it has them. */
static void print_json(const struct probe_rate *rate, const struct result *result)
{
	const struct qos_codec *codec = rate->codec;
	char text[1024];
	struct hep_json j;

	hep_json_init(&j, text, sizeof(text));
	hep_json_open(&j, NULL, '{');
	put_text(&j, "event", "rate");
	put_text(&j, "CODEC_NAME", codec->name);
	put_text(&j, "CODEC_MODE", codec->mode);
	hep_json_u64(&j, "CLOCK", codec->clock);
	hep_json_double(&j, "LOSS_PCT", rate->loss, 6);
	hep_json_double(&j, "BURSTR", rate->burst_r, 6);
	if (rate->has_delay)
		hep_json_double(&j, "TA_MS", rate->delay_ms, 6);
	else
		hep_json_null(&j, "TA_MS");
	if (result->has_score)
		put_text(&j, "MOS_SCALE", qos_scale_name(codec->scale));
	else
		hep_json_null(&j, "MOS_SCALE");
	put_text(&j, "MOS_BASIS", qos_basis_name(codec->basis));
	put(&j, "IE", result, codec->ie);
	put(&j, "BPL", result, codec->bpl);
	put(&j, "IE_EFF", result, result->ie_eff);
	put(&j, "ID", result, result->id);
	put(&j, "RFACTOR", result, result->r);
	put(&j, "MOS", result, result->mos_cq);
	put(&j, "MOS_LQ", result, result->mos_lq);
	if (rate->has_delay)
		put(&j, "MOS_CQ", result, result->mos_cq);
	else
		hep_json_null(&j, "MOS_CQ");
	if (codec->scale == QOS_NB) {
		put(&j, "GOB_PCT", result, qos_emodel_gob(result->r));
		put(&j, "POW_PCT", result, qos_emodel_pow(result->r));
	}
	hep_json_close(&j, '}');
	printf("%.*s\n", (int)hep_json_finish(&j), text);
}

void probe_rate_print(const struct probe_rate *rate, bool is_json)
{
	struct result result = work_out(rate);

	if (is_json)
		print_json(rate, &result);
	else
		print_text(rate, &result);
}
