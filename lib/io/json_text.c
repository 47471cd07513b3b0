/* SPDX-License-Identifier: MIT */
/* json_text.c: tokens of a safetensors header (RFC 8259, RFC 3629). */
#include "io/json_text.h"

void rri_json_text_init(rri_json_text *json, const void *text, size_t bytes, char *store)
{
    json->begin = text;
    json->at = text;
    json->end = (const unsigned char *)text + bytes;
    json->store = store;
    json->stored = 0;
}

static size_t position(const rri_json_text *json)
{
    return (size_t)(json->at - json->begin);
}

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(rri_json_text *json)
{
    while (json->at < json->end && is_space(*json->at)) {
        json->at++;
    }
}

bool rri_json_text_accept(rri_json_text *json, char mark)
{
    skip_space(json);
    if (json->at == json->end || *json->at != (unsigned char)mark) {
        return false;
    }
    json->at++;
    return true;
}

rr_status rri_json_text_expect(rri_json_text *json, char mark, rr_error *err)
{
    if (!rri_json_text_accept(json, mark)) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors header: byte %zu must be '%c'", position(json),
                 mark);
    }
    return RR_OK;
}

size_t rri_json_text_sequence(const unsigned char *at, const unsigned char *end)
{
    if (at >= end) {
        return 0;
    }
    const size_t room = (size_t)(end - at);
    const unsigned char first = at[0];
    if (first < 0x80) {
        return 1;
    }
    /* The second byte's range shuts out overlong forms, surrogates and what is above U+10FFFF. */
    unsigned char low = 0x80, high = 0xbf;
    size_t length;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        low = first == 0xe0 ? 0xa0 : low;
        high = first == 0xed ? 0x9f : high;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        low = first == 0xf0 ? 0x90 : low;
        high = first == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (room < length || at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf) {
            return 0;
        }
    }
    return length;
}

static void store_byte(rri_json_text *json, unsigned int byte)
{
    json->store[json->stored++] = (char)(unsigned char)byte;
}

static void store_code_point(rri_json_text *json, uint32_t code)
{
    if (code < 0x80) {
        store_byte(json, code);
    } else if (code < 0x800) {
        store_byte(json, 0xc0u | (code >> 6));
        store_byte(json, 0x80u | (code & 0x3fu));
    } else if (code < 0x10000) {
        store_byte(json, 0xe0u | (code >> 12));
        store_byte(json, 0x80u | ((code >> 6) & 0x3fu));
        store_byte(json, 0x80u | (code & 0x3fu));
    } else {
        store_byte(json, 0xf0u | (code >> 18));
        store_byte(json, 0x80u | ((code >> 12) & 0x3fu));
        store_byte(json, 0x80u | ((code >> 6) & 0x3fu));
        store_byte(json, 0x80u | (code & 0x3fu));
    }
}

/* Four hexadecimal digits after "\u". */
static bool read_hex4(rri_json_text *json, uint32_t *code)
{
    if (json->end - json->at < 4) {
        return false;
    }
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned char c = *json->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)c - '0';
        } else if (c >= 'a' && c <= 'f') {
            digit = (uint32_t)c - 'a' + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = (uint32_t)c - 'A' + 10;
        } else {
            return false;
        }
        *code = *code * 16 + digit;
    }
    return true;
}

/* "\uXXXX", or two of them that make a surrogate pair. */
static bool read_unicode(rri_json_text *json, uint32_t *code)
{
    if (!read_hex4(json, code)) {
        return false;
    }
    if (*code >= 0xdc00 && *code <= 0xdfff) {
        return false;
    }
    if (*code >= 0xd800 && *code <= 0xdbff) {
        uint32_t low;
        if (json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u') {
            return false;
        }
        json->at += 2;
        if (!read_hex4(json, &low) || low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    }
    return *code != 0;
}

static bool read_escape(rri_json_text *json)
{
    static const char marks[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end) {
        return false;
    }
    const char mark = (char)*json->at++;
    if (mark == 'u') {
        uint32_t code;
        if (!read_unicode(json, &code)) {
            return false;
        }
        store_code_point(json, code);
        return true;
    }
    for (size_t i = 0; marks[i] != '\0'; i++) {
        if (marks[i] == mark) {
            store_byte(json, (unsigned char)meanings[i]);
            return true;
        }
    }
    return false;
}

rr_status rri_json_text_string(rri_json_text *json, const char **text, rr_error *err)
{
    RRI_TRY(rri_json_text_expect(json, '"', err));
    *text = json->store + json->stored;
    while (json->at < json->end && *json->at != '"') {
        if (*json->at == '\\') {
            json->at++;
            if (!read_escape(json)) {
                RRI_FAIL(err, RR_E_FORMAT,
                         "safetensors header: escape before byte %zu is not valid", position(json));
            }
            continue;
        }
        const size_t length = rri_json_text_sequence(json->at, json->end);
        if (length == 0 || *json->at < 0x20) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "safetensors header: byte %zu is not allowed in a string; it must be UTF-8 "
                     "without control characters",
                     position(json));
        }
        for (size_t i = 0; i < length; i++) {
            store_byte(json, *json->at++);
        }
    }
    if (json->at == json->end) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors header: a string is not closed");
    }
    json->at++;
    store_byte(json, 0);
    return RR_OK;
}

rr_status rri_json_text_count(rri_json_text *json, uint64_t *count, rr_error *err)
{
    skip_space(json);
    const unsigned char *const first = json->at;
    uint64_t value = 0;
    bool fits = true;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        const uint64_t digit = (uint64_t)*json->at++ - '0';
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    const bool has_leading_zero = json->at - first > 1 && *first == '0';
    if (json->at == first || !fits || has_leading_zero) {
        RRI_FAIL(
            err, RR_E_FORMAT,
            "safetensors header: byte %zu must begin a whole number below 2^64 without leading "
            "zeros",
            (size_t)(first - json->begin));
    }
    *count = value;
    return RR_OK;
}

rr_status rri_json_text_finish(rri_json_text *json, rr_error *err)
{
    skip_space(json);
    if (json->at != json->end) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors header: byte %zu follows the closing brace",
                 position(json));
    }
    return RR_OK;
}
