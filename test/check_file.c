#include "system/file.h"

#include <errno.h>
#include <string.h>

#include "scratch.h"
#include "suite.h"

/* More than 32 bits can tell, and not in whole blocks. */
#define FAR (INT64_C(5) * 1024 * 1024 * 1024 + 7)

static char directory[FILE_PATH_MAX];
static char one[FILE_PATH_MAX], other[FILE_PATH_MAX];

static void
setup(void)
{
	scratch_begin();
	snprintf(one, sizeof(one), "%s", scratch_path("file.one"));
	snprintf(other, sizeof(other), "%s", scratch_path("file.other"));
	ck_assert_str_eq(file_split(one, directory), "file.one");
}

static void
put(const char *path, const char *text)
{
	int fd = file_create(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    file_write_at(fd, text, strlen(text), 0), (int)strlen(text));
	file_close(fd);
}

static void
assert_holds(const char *path, const char *text)
{
	int fd = file_open(path, FILE_TO_READ);
	char bytes[64] = "";

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    file_read_at(fd, bytes, sizeof(bytes) - 1, 0), (int)strlen(text));
	ck_assert_str_eq(bytes, text);
	file_close(fd);
}

static void
assert_fails(int result, int error)
{
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(errno, error);
}

START_TEST(what_is_missing_is_not_there)
{
	ck_assert(!file_exists(one));
	ck_assert_int_eq(errno, ENOENT);
	assert_fails(file_open(one, FILE_TO_READ), ENOENT);
	assert_fails(file_open(one, FILE_TO_WRITE), ENOENT);
	assert_fails(file_open_locked(one, FILE_LOCK_SHARED), ENOENT);
	assert_fails((int)file_size_of(one), ENOENT);
	assert_fails(file_remove(one), ENOENT);
	assert_fails(file_sync_path(one), ENOENT);
	ck_assert_ptr_null(file_stream(one));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(what_exists_is_not_created)
{
	put(one, "1");
	assert_fails(file_create(one), EEXIST);
	ck_assert(file_exists(one));
}
END_TEST

START_TEST(bytes_have_places)
{
	static const char bytes[] = "\r\n\x1A\0z";
	int fd = file_create(one);
	char read[sizeof(bytes) + 1];

	ck_assert_int_eq(file_write_at(fd, bytes, sizeof(bytes), 10), 6);
	ck_assert_int_eq(file_size(fd), 16);
	ck_assert_int_eq(file_read_at(fd, read, sizeof(read), 10), 6);
	ck_assert_mem_eq(read, bytes, sizeof(bytes));
	ck_assert_int_eq(file_read_at(fd, read, sizeof(read), 16), 0);
	ck_assert_int_eq(file_truncate(fd, 3), 0);
	ck_assert_int_eq(file_sync_data(fd), 0);
	ck_assert_int_eq(file_sync(fd), 0);
	file_close(fd);
	ck_assert_int_eq(file_size_of(one), 3);
}
END_TEST

START_TEST(places_have_64_bits)
{
	int fd = file_create(one);
	char c = 0;

	if (file_write_at(fd, "x", 1, FAR) < 0 && file_is_full(errno)) {
		file_close(fd); /* the file system has no sparse files */
		return;
	}
	ck_assert_int_eq(file_size(fd), FAR + 1);
	ck_assert_int_eq(file_size_of(one), FAR + 1);
	ck_assert_int_eq(file_read_at(fd, &c, 1, FAR), 1);
	ck_assert_int_eq(c, 'x');
	file_close(fd);
}
END_TEST

START_TEST(a_stream_gives_bytes)
{
	char bytes[8];
	FILE *f;

	put(one,
	    "a\r\nb\x1A"
	    "c");
	f = file_stream(one);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(bytes, 1, sizeof(bytes), f), 6);
	ck_assert_mem_eq(bytes,
	    "a\r\nb\x1A"
	    "c",
	    6);
	ck_assert_int_eq(file_is_regular(fileno(f)), 1);
	fclose(f);
}
END_TEST

START_TEST(a_lock_excludes_others_until_it_is_closed)
{
	int fd = file_open_locked(one, FILE_LOCK_EXCLUSIVE);
	char c;

	ck_assert_int_ge(fd, 0);
	assert_fails(file_open_locked(one, FILE_LOCK_EXCLUSIVE), EAGAIN);
	assert_fails(file_open_locked(one, FILE_LOCK_SHARED), EAGAIN);
	/* Who has it can use the file, and who does not ask for it, too. */
	ck_assert_int_eq(file_write_at(fd, "m", 1, 0), 1);
	ck_assert_int_eq(file_read_at(fd, &c, 1, 0), 1);
	assert_holds(one, "m");
	file_close(fd);
	fd = file_open_locked(one, FILE_LOCK_SHARED);
	ck_assert_int_ge(fd, 0);
	file_close(fd);
}
END_TEST

START_TEST(readers_share_a_lock)
{
	int first, second;

	put(one, "1");
	first = file_open_locked(one, FILE_LOCK_SHARED);
	second = file_open_locked(one, FILE_LOCK_SHARED);
	ck_assert_int_ge(first, 0);
	ck_assert_int_ge(second, 0);
	assert_fails(file_open_locked(one, FILE_LOCK_EXCLUSIVE), EAGAIN);
	file_close(first);
	assert_fails(file_open_locked(one, FILE_LOCK_EXCLUSIVE), EAGAIN);
	file_close(second);
	first = file_open_locked(one, FILE_LOCK_EXCLUSIVE);
	ck_assert_int_ge(first, 0);
	file_close(first);
}
END_TEST

START_TEST(replacing_takes_the_place_of_another)
{
	int fd;

	put(one, "new");
	put(other, "old");
	fd = file_open(other, FILE_TO_READ); /* as a reader of a backup */
	ck_assert_int_eq(file_replace(one, other), 0);
	ck_assert(!file_exists(one));
	assert_holds(other, "new");
	ck_assert_int_eq(file_size(fd), 3);
	file_close(fd);
	assert_fails(file_replace(one, other), ENOENT);
	ck_assert_int_eq(file_sync_path(other), 0);
	ck_assert_int_eq(file_sync_directory(directory), 0);
}
END_TEST

START_TEST(moving_replaces_nothing)
{
	put(one, "1");
	put(other, "2");
	assert_fails(file_move(one, other), EEXIST);
	assert_holds(one, "1");
	assert_holds(other, "2");
	ck_assert_int_eq(file_remove(other), 0);
	ck_assert_int_eq(file_move(one, other), 0);
	assert_holds(other, "1");
	assert_fails(file_move(one, other), ENOENT);
}
END_TEST

START_TEST(a_removed_file_can_still_be_used)
{
	int fd = file_create(one);
	char c = 0;

	ck_assert_int_eq(file_remove(one), 0);
	ck_assert(!file_exists(one));
	ck_assert_int_eq(file_write_at(fd, "x", 1, 0), 1);
	ck_assert_int_eq(file_read_at(fd, &c, 1, 0), 1);
	file_close(fd);
	put(one, ""); /* the name is free */
}
END_TEST

START_TEST(the_same_file_has_many_names)
{
	char full[FILE_PATH_MAX];

	put(one, "1");
	put(other, "1");
	ck_assert_int_eq(file_resolve(one, full), 0);
	ck_assert(file_is_absolute(full));
	ck_assert(!file_is_absolute("./file"));
	ck_assert(file_is_same(one, full));
	ck_assert(!file_is_same(one, other));
	ck_assert_int_eq(file_remove(other), 0);
	ck_assert(!file_is_same(one, other));
	assert_fails(file_resolve(other, full), ENOENT);
}
END_TEST

START_TEST(a_file_is_created_like_another)
{
	put(one, "1");
	ck_assert_int_eq(file_create_like(other, one), 0);
	ck_assert_int_eq(file_size_of(other), 0);
	/* It may exist. */
	ck_assert_int_eq(file_create_like(one, other), 0);
	ck_assert_int_eq(file_remove(one), 0);
	assert_fails(file_create_like(other, one), ENOENT);
}
END_TEST

START_TEST(names_are_found_by_how_they_begin)
{
	char found[FILE_PATH_MAX];

	put(other, "1");
	ck_assert(!file_find(directory, "file.one", found));
	ck_assert(file_find(directory, "file.o", found));
	ck_assert(file_is_same(found, other));
	ck_assert(!file_find(one, "f", found)); /* is no directory */
}
END_TEST

START_TEST(paths_are_split)
{
	ck_assert_str_eq(file_split("a/b/c", directory), "c");
	ck_assert_str_eq(directory, "a/b");
	ck_assert_str_eq(file_split("c", directory), "c");
	ck_assert_str_eq(directory, ".");
	ck_assert_str_eq(file_split("/c", directory), "c");
	ck_assert_str_eq(directory, "/");
}
END_TEST

START_TEST(no_space_is_told_from_other_errors)
{
	ck_assert(file_is_full(ENOSPC));
	ck_assert(file_is_full(EFBIG));
	ck_assert(!file_is_full(EIO));
	ck_assert(!file_is_full(0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, scratch_end);
	tcase_add_test(tc, what_is_missing_is_not_there);
	tcase_add_test(tc, what_exists_is_not_created);
	tcase_add_test(tc, bytes_have_places);
	tcase_add_test(tc, places_have_64_bits);
	tcase_add_test(tc, a_stream_gives_bytes);
	tcase_add_test(tc, a_lock_excludes_others_until_it_is_closed);
	tcase_add_test(tc, readers_share_a_lock);
	tcase_add_test(tc, replacing_takes_the_place_of_another);
	tcase_add_test(tc, moving_replaces_nothing);
	tcase_add_test(tc, a_removed_file_can_still_be_used);
	tcase_add_test(tc, the_same_file_has_many_names);
	tcase_add_test(tc, a_file_is_created_like_another);
	tcase_add_test(tc, names_are_found_by_how_they_begin);
	tcase_add_test(tc, paths_are_split);
	tcase_add_test(tc, no_space_is_told_from_other_errors);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
