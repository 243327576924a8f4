/*
 * test_zip.c - archives in memory: good ones, zip64, and what a hostile directory may claim.
 */
#include "qt_torch.h"

#include "io/zip.h"

#include <string.h>

enum { LOCAL = 0, CENTRAL = 1, END = 2 };
static const char *const signature[] = {"PK\3\4", "PK\1\2", "PK\5\6"};

static qt_bytes file;

/* Two entries, "a/x" with 5 bytes and "a/y" with 3. */
static void good_file(void)
{
    qt_zip(&file, (qt_entry[]){{"a/x", "hello", 5}, {"a/y", "you", 3}}, 2);
}

static void set(int record, int n, size_t field, uint64_t v, int width)
{
    size_t at = qt_where(&file, signature[record], 4, n) + field;
    for (int i = 0; i < width; i++)
        file.data[at + (size_t)i] = (unsigned char)(v >> (8 * i));
}

static qg_code open_file(qg_zip *z, qg_arena *a)
{
    return qg_zip_open(z, a, "some.zip", file.data, file.n);
}

static void refuse(qg_code code, const char *piece)
{
    qg_zip z;
    qg_arena *a = qg_arena_create(0);
    qt_fails(open_file(&z, a), code, "some.zip: ", piece, NULL);
    qg_arena_destroy(a);
    good_file();
}

static void check_good(void)
{
    qg_zip z;
    qg_arena *a = qg_arena_create(0);
    qt_ok(open_file(&z, a));
    qt_eq("entries", z.n, 2);
    qg_zip_entry *x = qg_zip_find(&z, "a/x");
    assert_non_null(x);
    qt_eq("size", (long long)x->size, 5);
    assert_memory_equal(x->data, "hello", 5);
    qt_ok(qg_zip_check(&z, x));
    assert_null(qg_zip_find(&z, "a"));
    qg_arena_destroy(a);
}

static void entries_are_found_by_name(void **state)
{
    (void)state;
    good_file();
    check_good();
    qt_zip(&file, NULL, 0);
    qg_zip z;
    qg_arena *a = qg_arena_create(0);
    qt_ok(open_file(&z, a));
    qt_eq("entries", z.n, 0);
    assert_null(qg_zip_find(&z, "a/x"));
    qg_arena_destroy(a);
}

static void the_checksum_is_compared(void **state)
{
    (void)state;
    qg_zip z;
    qg_arena *a = qg_arena_create(0);
    good_file();
    set(CENTRAL, 0, 16, 0x12345678, 4);
    qt_ok(open_file(&z, a));
    qt_fails(qg_zip_check(&z, qg_zip_find(&z, "a/x")), QG_EFORMAT, "a/x: this entry is damaged",
             "CRC-32 is 3610a686, the directory says 12345678", NULL);
    set(CENTRAL, 0, 16, 0, 4);
    qt_ok(open_file(&z, a));
    qt_ok(qg_zip_check(&z, qg_zip_find(&z, "a/x")));
    qg_arena_destroy(a);
}

static void a_comment_may_follow(void **state)
{
    (void)state;
    good_file();
    set(END, 0, 20, 9, 2);
    qt_add(&file, "a comment", 9);
    check_good();
    file.n--;
    refuse(QG_EFORMAT, "the zip archive has no end record: is the file truncated?");
}

/* End record and locator of zip64 go between the directory and the short end record. */
static void add_end64(uint64_t begin_shift)
{
    qt_bytes short_end = {.n = 0};
    size_t end = qt_where(&file, signature[END], 4, 0);
    size_t directory = qt_where(&file, signature[CENTRAL], 4, 0);
    qt_add(&short_end, file.data + end, file.n - end);
    file.n = end;
    qt_add(&file, "PK\6\6", 4);
    qt_add_number(&file, 44, 8);
    qt_add_number(&file, 0, 4 + 4 + 4);
    qt_add_number(&file, 2, 8);
    qt_add_number(&file, 2, 8);
    qt_add_number(&file, end - directory, 8);
    qt_add_number(&file, directory + begin_shift, 8);
    qt_add(&file, "PK\6\7\0\0\0\0", 8);
    qt_add_number(&file, end, 8);
    qt_add_number(&file, 1, 4);
    qt_add(&file, short_end.data, short_end.n);
}

static void zip64_archives_are_read(void **state)
{
    (void)state;
    good_file();
    add_end64(0);
    check_good();
    set(END, 0, 8, 0xffff, 2);
    set(END, 0, 10, 0xffff, 2);
    set(END, 0, 12, 0xffffffff, 4);
    set(END, 0, 16, 0xffffffff, 4);
    check_good();
    file.data[qt_where(&file, "PK\6\6", 4, 0)] = 'Q';
    refuse(QG_EFORMAT, "the zip64 end record is not where its locator says");
    add_end64(1);
    refuse(QG_EFORMAT, "the two end records of the zip archive disagree");
    add_end64(0);
    file.data[qt_where(&file, "PK\6\6", 4, 0) + 16] = 1;
    refuse(QG_EUNSUPPORTED, "the zip archive is split over several disks");
    add_end64(0);
    file.data[qt_where(&file, "PK\6\7", 4, 0) + 4] = 1;
    refuse(QG_EUNSUPPORTED, "the zip archive is split over several disks");
}

/* The second entry's sizes move to an extra field of `n` bytes. */
static void use_extra64(int n)
{
    qt_bytes tail = {.n = 0};
    size_t record = qt_where(&file, signature[CENTRAL], 4, 1);
    size_t end = qt_where(&file, signature[END], 4, 0);
    qt_add(&tail, file.data + end, file.n - end);
    set(CENTRAL, 1, 20, 0xffffffff, 4);
    set(CENTRAL, 1, 24, 0xffffffff, 4);
    set(CENTRAL, 1, 30, (uint64_t)n + 4 + 5, 2);
    file.n = record + 46 + 3;
    qt_add(&file, "FB\1\0Z", 5);
    qt_add_number(&file, 1, 2);
    qt_add_number(&file, (uint64_t)n, 2);
    qt_add_number(&file, 3, n < 8 ? n : 8);
    if (n > 8)
        qt_add_number(&file, 3, n - 8);
    size_t grown = file.n - end;
    qt_add(&file, tail.data, tail.n);
    set(END, 0, 12, (uint64_t)(end + grown) - qt_where(&file, signature[CENTRAL], 4, 0), 4);
}

static void zip64_sizes_are_read(void **state)
{
    (void)state;
    good_file();
    use_extra64(16);
    check_good();
    good_file();
    use_extra64(12);
    refuse(QG_EFORMAT, "a/y: the zip64 field of this entry is too short");
    use_extra64(4);
    refuse(QG_EFORMAT, "a/y: the zip64 field of this entry is too short");
}

static void entries_must_be_plain(void **state)
{
    (void)state;
    good_file();
    set(CENTRAL, 1, 10, 8, 2);
    refuse(QG_EUNSUPPORTED, "a/y: this entry is compressed (method 8)");
    set(CENTRAL, 1, 8, 1, 2);
    refuse(QG_EUNSUPPORTED, "a/y: this entry is encrypted");
    set(CENTRAL, 1, 20, 2, 4);
    refuse(QG_EFORMAT, "a/y: this stored entry has two sizes, 2 and 3");
    set(LOCAL, 1, 8, 8, 2);
    refuse(QG_EFORMAT, "a/y: this entry's local header disagrees with the directory");
    set(LOCAL, 1, 30, 'b', 1);
    refuse(QG_EFORMAT, "a/y: this entry's local header disagrees");
    set(LOCAL, 1, 26, 2, 2);
    refuse(QG_EFORMAT, "a/y: this entry's local header disagrees");
}

static void entries_must_lie_in_the_file(void **state)
{
    (void)state;
    good_file();
    set(CENTRAL, 1, 42, 0xfffffff0, 4);
    refuse(QG_EFORMAT, "a/y: this entry's local header is not where the directory says");
    set(CENTRAL, 1, 42, 1, 4);
    refuse(QG_EFORMAT, "a/y: this entry's local header is not where the directory says");
    set(CENTRAL, 1, 20, 100000, 4);
    set(CENTRAL, 1, 24, 100000, 4);
    refuse(QG_EFORMAT, "a/y: this entry ends outside of the file: is it truncated?");
    set(LOCAL, 1, 28, 60000, 2);
    refuse(QG_EFORMAT, "a/y: this entry ends outside of the file");
    set(CENTRAL, 0, 20, 20, 4);
    set(CENTRAL, 0, 24, 20, 4);
    refuse(QG_EFORMAT, "a/x: this entry overlaps a/y");
    set(CENTRAL, 1, 20, 4, 4);
    set(CENTRAL, 1, 24, 4, 4);
    refuse(QG_EFORMAT, "a/y: this entry overlaps the central directory");
    set(LOCAL, 1, 30, 'a', 1);
    memcpy(file.data + qt_where(&file, "a/y", 3, 1), "a/x", 3);
    set(CENTRAL, 1, 42, 0, 4);
    set(CENTRAL, 1, 20, 5, 4);
    set(CENTRAL, 1, 24, 5, 4);
    refuse(QG_EFORMAT, "a/x: this entry overlaps a/x");
}

static void names_must_stay_inside(void **state)
{
    (void)state;
    static const char *const bad[] = {"../x", "/x", "a/../x", "a/..", "a\\x", "a\nx", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qt_zip(&file, (qt_entry[]){{bad[i], "x", 1}}, 1);
        refuse(QG_EFORMAT, "is not an acceptable name of a zip entry");
    }
    qt_zip(&file, (qt_entry[]){{"a/x", "1", 1}, {"a/x", "2", 1}}, 2);
    refuse(QG_EFORMAT, "a/x: this entry occurs twice");
    qt_zip(&file, (qt_entry[]){{"..a/b..", "1", 1}}, 1);
    qg_zip z;
    qg_arena *a = qg_arena_create(0);
    qt_ok(open_file(&z, a));
    qg_arena_destroy(a);
}

static void the_directory_must_be_whole(void **state)
{
    (void)state;
    good_file();
    set(END, 0, 16, 100000, 4);
    refuse(QG_EFORMAT, "the central directory lies outside of the file");
    set(END, 0, 10, 1000, 2);
    refuse(QG_EFORMAT, "1000 entries do not fit a central directory of 98 bytes");
    set(END, 0, 12, 92, 4);
    refuse(QG_EFORMAT, "the central directory is damaged at byte");
    set(CENTRAL, 1, 0, 'Q', 1);
    refuse(QG_EFORMAT, "the central directory is damaged at byte");
    set(CENTRAL, 1, 28, 1000, 2);
    refuse(QG_EFORMAT, "the central directory is damaged at byte");
    set(END, 0, 4, 1, 2);
    refuse(QG_EUNSUPPORTED, "the zip archive is split over several disks");
    file.n = 10;
    refuse(QG_EFORMAT, "the zip archive has no end record");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(entries_are_found_by_name),    cmocka_unit_test(the_checksum_is_compared),
    cmocka_unit_test(a_comment_may_follow),         cmocka_unit_test(zip64_archives_are_read),
    cmocka_unit_test(zip64_sizes_are_read),         cmocka_unit_test(entries_must_be_plain),
    cmocka_unit_test(entries_must_lie_in_the_file), cmocka_unit_test(names_must_stay_inside),
    cmocka_unit_test(the_directory_must_be_whole),
};
QT_MAIN("zip", tests)
