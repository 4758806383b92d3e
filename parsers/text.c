/* SPDX-License-Identifier: BSD-3-Clause */
/* What text is made of. */
#include "text_pvt.h"

const bool text_is_token[256] = {
	['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['-'] = true,
	['.'] = true,
	['!'] = true,
	['%'] = true,
	['*'] = true,
	['_'] = true,
	['+'] = true,
	['`'] = true,
	['\''] = true,
	['~'] = true,
};
