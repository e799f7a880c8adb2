/* SPDX-License-Identifier: MIT */
/*
 * Memory that frees itself, and the context's lock, which are taken together
 * by every public function.
 */
#include "internal.h"
#include "event.h"

void *libxl__own(libxl__gc *gc, void *ptr)
{
    if (!ptr)
        return NULL;
    if (gc->n == gc->size) {
        gc->size = gc->size ? gc->size * 2 : 16;
        gc->ptrs = libxl__checked(realloc(gc->ptrs, gc->size * sizeof(void *)),
                                  gc->size, sizeof(void *));
    }
    gc->ptrs[gc->n++] = ptr;
    return ptr;
}

void libxl__gc_free(libxl__gc *gc)
{
    for (size_t i = 0; i < gc->n; i++)
        free(gc->ptrs[i]);
    free(gc->ptrs);
    gc->ptrs = NULL;
    gc->n = gc->size = 0;
}

void libxl__gc_leave(libxl__gc *gc)
{
    libxl__gc_free(gc);
    libxl__ctx_unlock(CTX);
}

void *libxl__calloc(libxl__gc *gc, size_t n, size_t size)
{
    return libxl__own(gc, libxl__array_nogc(CTX, n, size));
}

void *libxl__zalloc(libxl__gc *gc, size_t size)
{
    return libxl__calloc(gc, 1, size);
}

void *libxl__realloc(libxl__gc *gc, void *ptr, size_t size)
{
    void *new = libxl__checked(realloc(ptr, size), 1, size);

    if (!ptr)
        return libxl__own(gc, new);
    for (size_t i = gc->n; i-- > 0;) {
        if (gc->ptrs[i] == ptr) {
            gc->ptrs[i] = new;
            break;
        }
    }
    return new;
}

char *libxl__strdup(libxl__gc *gc, const char *s)
{
    return libxl__own(gc, libxl__strdup_nogc(CTX, s));
}

char *libxl__sprintf(libxl__gc *gc, const char *fmt, ...)
{
    char *s = NULL;
    va_list al;
    int r;

    va_start(al, fmt);
    r = vasprintf(&s, fmt, al);
    va_end(al);
    return libxl__own(gc, libxl__checked(r < 0 ? NULL : s, 1, strlen(fmt)));
}

void libxl__ctx_lock(libxl_ctx *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    ctx->depth++;
}

void libxl__ctx_unlock(libxl_ctx *ctx)
{
    struct libxl__due *due = NULL;

    /* Only the outermost release: a callback may use any libxl function. */
    if (--ctx->depth == 0)
        due = libxl__take_due(ctx);
    pthread_mutex_unlock(&ctx->lock);
    if (due)
        libxl__run_due(ctx, due);
}
