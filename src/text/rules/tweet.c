/*
 * tweet.c - rule "tweet": users become @USER and links HTTPURL, the words that models of tweets
 * (BERTweet, IndoBERTweet) were trained with.
 */
#include "rules.h"

#include <string.h>

static const char user[] = "@USER", url[] = "HTTPURL";

static bool is_name(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool begins(const char *s, size_t left, const char *lower)
{
    size_t n = strlen(lower);
    for (size_t i = 0; i < n; i++)
        if (i >= left || (s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]) != lower[i])
            return false;
    return true;
}

/* "@name" that begins a word: its bytes, or 0. */
static size_t user_at(const char *s, size_t left)
{
    size_t n = 1;
    if (*s != '@')
        return 0;
    while (n < left && is_name(s[n]))
        n++;
    return n > 1 ? n : 0;
}

/* A link up to white space, without the punctuation that ends a sentence: its bytes, or 0. */
static size_t link_at(const char *s, size_t left)
{
    static const char *const start[] = {"http://", "https://", "www."};
    size_t first = 0, n;
    for (size_t i = 0; i < sizeof start / sizeof start[0]; i++)
        if (begins(s, left, start[i]))
            first = strlen(start[i]);
    if (first == 0)
        return 0;
    for (n = first; n < left;) {
        int width;
        if (qg_is_white_space(qg_rule_next(s + n, left - n, &width)))
            break;
        n += (size_t)width;
    }
    while (n > first && strchr(".,;:!?'\")]}", s[n - 1]))
        n--;
    return n > first ? n : 0;
}

void qg_rule_tweet(qg_str *out, const char *text, size_t len)
{
    bool inside = false; /* a word */
    for (size_t i = 0; i < len;) {
        int width;
        int32_t c = qg_rule_next(text + i, len - i, &width);
        size_t link = inside ? 0 : link_at(text + i, len - i);
        size_t name = inside || link ? 0 : user_at(text + i, len - i);
        if (link)
            qg_str_add(out, url);
        else if (name)
            qg_str_add(out, user);
        else
            qg_str_addn(out, text + i, (size_t)width);
        inside = link || name || qg_is_word_character(c);
        i += link ? link : name ? name : (size_t)width;
    }
}
