/* SPDX-License-Identifier: BSD-3-Clause */
/* zlib in memory of our own. Contexts are few, and are searched from the front. */
#include "sip_inflate.h"

#include <stdalign.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
	ARENA_BYTES = 48 * 1024, /* of the state of an inflater and its window of 32 KB */
	RAW_DEFLATE =
		-15, /* windowBits: no header, the largest window reads all smaller ones too */
	ALIGN = 16,
};

struct sip_inflate_context {
	alignas(64) uint32_t number; /* of its direction; 0: none */
	uint64_t turn;
	z_stream z;
	size_t used;
	alignas(ALIGN) uint8_t arena[ARENA_BYTES];
};

/* An inflater takes memory when it is made and for its window, and gives none back before its end. */
static void *take_memory(void *opaque, unsigned items, unsigned size)
{
	struct sip_inflate_context *c = opaque;
	size_t n = ((size_t)items * size + ALIGN - 1) / ALIGN * ALIGN;
	void *p = c->arena + c->used;

	if (n > ARENA_BYTES - c->used)
		return NULL;
	c->used += n;
	return p;
}

static void keep_memory(void *opaque, void *p)
{
	(void)opaque;
	(void)p;
}

size_t sip_inflate_memory(void)
{
	return SIP_INFLATE_CONTEXTS * sizeof(struct sip_inflate_context);
}

void sip_inflate_init(struct sip_inflate *inflate, void *memory)
{
	*inflate = (struct sip_inflate){.contexts = memory};
}

static struct sip_inflate_context *find(struct sip_inflate *inflate, uint32_t number)
{
	for (unsigned i = 0; i < SIP_INFLATE_CONTEXTS; i++)
		if (inflate->contexts[i].number == number)
			return &inflate->contexts[i];
	return NULL;
}

static struct sip_inflate_context *oldest(struct sip_inflate *inflate)
{
	struct sip_inflate_context *c = inflate->contexts;

	for (unsigned i = 1; i < SIP_INFLATE_CONTEXTS; i++)
		if (inflate->contexts[i].turn < c->turn)
			c = &inflate->contexts[i];
	return c;
}

static void drop(struct sip_inflate_context *c)
{
	c->number = 0;
	c->turn = 0;
}

static bool start(struct sip_inflate_context *c, uint32_t number)
{
	c->used = 0;
	c->z = (z_stream){.zalloc = take_memory, .zfree = keep_memory, .opaque = c};
	c->number = inflateInit2(&c->z, RAW_DEFLATE) == Z_OK ? number : 0;
	return c->number;
}

void sip_inflate_forget(struct sip_inflate *inflate, uint32_t number)
{
	struct sip_inflate_context *c = find(inflate, number);

	if (c)
		drop(c);
}

/* All of in; a final block (section 7.2.3.5) ends the deflate stream and another one begins. */
static bool inflate_all(z_stream *z, struct bytes in)
{
	z->next_in = in.p;
	z->avail_in = (uInt)in.n;
	while (z->avail_in) {
		int result = inflate(z, Z_SYNC_FLUSH);

		if (result == Z_STREAM_END)
			result = inflateReset(z);
		else if (result == Z_OK && !z->avail_out)
			result = Z_BUF_ERROR;
		if (result != Z_OK)
			return false;
	}
	return true;
}

bool sip_inflate_message(
	struct sip_inflate *inflate, uint32_t number, struct bytes in, uint8_t *out, size_t *n)
{
	static const uint8_t tail[] = {
		0, 0, 0xff, 0xff}; /* the sender left it away, section 7.2.1 */
	struct sip_inflate_context *c = find(inflate, number);

	if (!c) {
		c = oldest(inflate);
		if (!start(c, number))
			return false;
	}
	c->turn = ++inflate->turn;
	c->z.next_out = out;
	c->z.avail_out = (uInt)*n;
	if (!inflate_all(&c->z, in) || !inflate_all(&c->z, bytes_of(tail, sizeof(tail)))) {
		drop(c);
		return false;
	}
	*n -= c->z.avail_out;
	return true;
}
