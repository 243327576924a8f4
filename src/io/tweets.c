/*
 * tweets.c - format "tweets": the PPKM tweets as published (INA_TweetsPPKM_Labeled_Pure.csv).
 *
 * Separated by tabs although the name ends in .csv; header Date, User, Tweet, sentiment; most
 * tweets are quoted fields of several lines. sentiment: 0 positive, 1 neutral, 2 negative.
 */
#include "io/csv_table.h"
#include "io/formats.h"

static qg_code read_tweets(const qg_dataset_spec *spec, const char *data, size_t size,
                           const qg_record_sink *sink)
{
    static const qg_csv_layout layout = {
        .delimiter = '\t', .text = "Tweet", .label = "sentiment", .label_required = true};
    return qg_csv_read(&layout, spec, data, size, sink);
}

const qg_format qg_format_tweets = {
    .name = "tweets",
    .summary = "PPKM tweets as published: tab separated, columns Tweet and sentiment",
    .label_names = "0=positive 1=neutral 2=negative",
    .options = "text_column label_column label_columns min_votes id_column group_column delimiter "
               "quoting label_map",
    .read = read_tweets,
};
