/* SPDX-License-Identifier: MIT */
/*
 * Parser of xl's configuration language:
 *
 *   file    = { setting ( newline | ";" ) }
 *   setting = name ( "=" | "+=" ) value
 *   name    = a letter or "_", then letters, digits, "_" and "."
 *   value   = string | number | "[" { value "," } [ value ] "]"
 *
 * "#" starts a comment, newlines inside brackets are white space, strings
 * stand in single or double quotes with the escapes of C. "+=" appends to a
 * string or a list of the same name. The first error ends the parse; its line
 * and what stands there are reported.
 */
#include <ctype.h>

#include "internal.h"

/* Deeper than any configuration; bounds the recursion on hostile files. */
#define MAX_NESTING 16

enum token { END, NEWLINE, NAME, STRING, NUMBER, BAD, PUNCTUATION };

struct lexer {
    XLU_Config *cfg;
    const char *at, *end;
    int line, depth; /* depth: of brackets */
    enum token token;
    char punctuation; /* '=', '+' for "+=", '[', ']', ',' */
    int token_line;
    const char *start; /* of the token's text */
    char *text;        /* unescaped, of NAME, STRING, NUMBER */
};

static int syntax_error(struct lexer *lx, const char *expected)
{
    int shown = 0;

    while (lx->start + shown < lx->end && shown < 20 &&
           isprint((unsigned char)lx->start[shown]))
        shown++;
    if (lx->token == END || (lx->token == NEWLINE && !shown))
        xlu__report(lx->cfg, lx->token_line,
                    "syntax error: %s expected at the end of the %s", expected,
                    lx->token == END ? "file" : "line");
    else
        xlu__report(lx->cfg, lx->token_line,
                    "syntax error: %s expected near '%.*s'", expected, shown,
                    lx->start);
    return EINVAL;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10
                                        : -1;
}

/* Reads an escape sequence after its backslash; -1 if it is unknown. */
static int escape(struct lexer *lx)
{
    static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
    char c = *lx->at++;
    const char *p;
    int v = 0, digits = 0;

    if (c == '\\' || c == '\'' || c == '"')
        return c;
    if (c && (p = strchr(from, c)))
        return to[p - from];
    if (c == 'x') {
        for (; digits < 2 && lx->at < lx->end && hex_digit(*lx->at) >= 0;
             digits++)
            v = v * 16 + hex_digit(*lx->at++);
        return digits && v ? v : -1;
    }
    if (c >= '0' && c <= '7') {
        v = c - '0';
        for (;
             digits < 2 && lx->at < lx->end && *lx->at >= '0' && *lx->at <= '7';
             digits++)
            v = v * 8 + *lx->at++ - '0';
        return v && v < 256 ? v : -1; /* a NUL would cut the string */
    }
    return -1;
}

static enum token lex_string(struct lexer *lx, char quote)
{
    char *out;

    lx->text = out = malloc(lx->end - lx->at + 1);
    if (!out)
        return BAD;
    while (lx->at < lx->end && *lx->at != quote && *lx->at != '\n') {
        int c = (unsigned char)*lx->at++;

        if (c == '\\')
            c = lx->at < lx->end ? escape(lx) : -1;
        if (c <= 0)
            return BAD;
        *out++ = c;
    }
    if (lx->at == lx->end || *lx->at != quote)
        return BAD;
    lx->at++;
    *out = 0;
    return STRING;
}

static enum token lex_word(struct lexer *lx)
{
    enum token kind = isdigit((unsigned char)*lx->at) ? NUMBER : NAME;

    while (lx->at < lx->end && (isalnum((unsigned char)*lx->at) ||
                                *lx->at == '_' || *lx->at == '.'))
        lx->at++;
    lx->text = strndup(lx->start, lx->at - lx->start);
    return lx->text ? kind : BAD;
}

static void skip_blank(struct lexer *lx)
{
    while (lx->at < lx->end) {
        char c = *lx->at;

        if (c == '#') {
            while (lx->at < lx->end && *lx->at != '\n')
                lx->at++;
        } else if (c == ' ' || c == '\t' || c == '\r' ||
                   (c == '\n' && lx->depth)) {
            lx->line += c == '\n';
            lx->at++;
        } else {
            return;
        }
    }
}

static void next_token(struct lexer *lx)
{
    char c;

    free(lx->text);
    lx->text = NULL;
    skip_blank(lx);
    lx->start = lx->at;
    lx->token_line = lx->line;
    if (lx->at == lx->end) {
        lx->token = END;
        return;
    }
    c = *lx->at;
    if (isalnum((unsigned char)c) || c == '_') {
        lx->token = lex_word(lx);
        return;
    }
    lx->at++;
    if (c == '\n' || c == ';') {
        lx->token = NEWLINE;
        lx->line += c == '\n';
    } else if (c == '"' || c == '\'') {
        lx->token = lex_string(lx, c);
    } else if (c == '+' && lx->at < lx->end && *lx->at == '=') {
        lx->at++;
        lx->token = PUNCTUATION;
        lx->punctuation = c;
    } else if (strchr("=[],", c) && c) {
        lx->token = PUNCTUATION;
        lx->punctuation = c;
    } else {
        lx->token = BAD;
    }
}

static bool is_punctuation(const struct lexer *lx, char c)
{
    return lx->token == PUNCTUATION && lx->punctuation == c;
}

static XLU_ConfigValue *new_value(struct lexer *lx,
                                  enum XLU_ConfigValueType type)
{
    XLU_ConfigValue *v = calloc(1, sizeof(*v));

    if (v) {
        v->type = type;
        v->line = lx->token_line;
    }
    return v;
}

static int parse_value(struct lexer *lx, XLU_ConfigValue **value_r);

static int parse_list(struct lexer *lx, XLU_ConfigValue *list)
{
    int e = 0;

    if (lx->depth >= MAX_NESTING)
        return syntax_error(lx, "less deeply nested list");
    lx->depth++;
    next_token(lx);
    while (!is_punctuation(lx, ']')) {
        XLU_ConfigValue *element;

        e = parse_value(lx, &element);
        if (e)
            return e;
        if (!xlu__list_append(&list->list, element))
            return ENOMEM;
        if (is_punctuation(lx, ','))
            next_token(lx);
        else if (!is_punctuation(lx, ']'))
            return syntax_error(lx, "',' or ']'");
    }
    lx->depth--;
    next_token(lx);
    return 0;
}

static int parse_value(struct lexer *lx, XLU_ConfigValue **value_r)
{
    bool list = is_punctuation(lx, '[');
    XLU_ConfigValue *v;
    int e = 0;

    *value_r = NULL;
    if (!list && lx->token != STRING && lx->token != NUMBER)
        return syntax_error(lx, "a value (\"string\", number or [list])");
    v = new_value(lx, list ? XLU_LIST : XLU_STRING);
    if (!v)
        return ENOMEM;
    if (list) {
        e = parse_list(lx, v);
    } else {
        v->string = lx->text;
        lx->text = NULL;
        next_token(lx);
    }
    if (e)
        xlu__value_free(v);
    else
        *value_r = v;
    return e;
}

/* "+=": the old value, which disappears, goes before the new one. */
static int join(struct lexer *lx, setting *old, XLU_ConfigValue *v)
{
    XLU_ConfigValue *o = old->value;
    XLU_ConfigList more = v->list;
    char *s;

    if (o->type != v->type) {
        xlu__report(lx->cfg, v->line,
                    "cannot add a %s to '%s', which is a %s (line %d)",
                    v->type == XLU_LIST ? "list" : "string", old->name,
                    o->type == XLU_LIST ? "list" : "string", old->line);
        return EINVAL;
    }
    if (v->type == XLU_STRING) {
        if (asprintf(&s, "%s%s", o->string, v->string) < 0)
            return ENOMEM;
        free(v->string);
        v->string = s;
        return 0;
    }
    v->list = o->list;
    o->list = (XLU_ConfigList){0};
    for (int i = 0; i < more.n; i++)
        if (!xlu__list_append(&v->list, more.values[i]))
            return ENOMEM; /* a few values leak with the process's last bytes */
    free(more.values);
    return 0;
}

static setting *find(XLU_Config *cfg, const char *name)
{
    setting *found = NULL;

    for (setting *s = cfg->settings; s; s = s->next)
        if (!strcmp(s->name, name))
            found = s;
    return found;
}

static int parse_setting(struct lexer *lx)
{
    XLU_Config *cfg = lx->cfg;
    setting *s, *old;
    int e;

    s = calloc(1, sizeof(*s));
    if (!s)
        return ENOMEM;
    s->line = lx->token_line;
    s->name = lx->text;
    lx->text = NULL;
    old = find(cfg, s->name);
    *cfg->last = s; /* from here on freed with cfg */
    cfg->last = &s->next;
    next_token(lx);
    if (is_punctuation(lx, '='))
        old = NULL;
    else if (!is_punctuation(lx, '+'))
        return syntax_error(lx, "'=' or '+='");
    next_token(lx);
    e = parse_value(lx, &s->value);
    if (!e && old)
        e = join(lx, old, s->value);
    if (!e && lx->token != NEWLINE && lx->token != END)
        e = syntax_error(lx, "the end of the line");
    return e;
}

int xlu__parse(XLU_Config *cfg, const char *text, size_t len)
{
    struct lexer lx = {.cfg = cfg, .at = text, .end = text + len, .line = 1};
    int e = 0;

    do {
        next_token(&lx);
        if (lx.token == NAME)
            e = parse_setting(&lx);
        else if (lx.token != NEWLINE && lx.token != END)
            e = syntax_error(&lx, "the name of a setting");
    } while (!e && lx.token != END);
    free(lx.text);
    return e;
}
