/* SPDX-License-Identifier: MIT */
/* Memory operations the generic code may ask for; the architecture answers. */
#ifndef HV_MM_H
#define HV_MM_H

#include <hv/page_alloc.h>
#include <asm/mm.h>

#endif
