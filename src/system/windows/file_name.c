#include "api.h"

#include <aclapi.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "system/file.h"
#include "wide.h"

bool
file_exists(const char *path)
{
	wchar_t *wide = wide_new(path);
	bool exists;

	if (wide == NULL)
		return false;
	exists = GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
	if (!exists)
		windows_fail();
	free(wide);
	return exists;
}

/* What the system knows of a file or a folder. Returns 0, or -1 with errno set.
 */
static int
describe(const char *path, BY_HANDLE_FILE_INFORMATION *file)
{
	HANDLE handle = handle_open(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING,
	    FILE_FLAG_BACKUP_SEMANTICS);
	int result;

	if (handle == INVALID_HANDLE_VALUE)
		return -1;
	result = GetFileInformationByHandle(handle, file) ? 0 : windows_fail();
	CloseHandle(handle);
	return result;
}

bool
file_is_same(const char *one, const char *other)
{
	BY_HANDLE_FILE_INFORMATION a, b;

	return describe(one, &a) == 0 && describe(other, &b) == 0 &&
	    a.dwVolumeSerialNumber == b.dwVolumeSerialNumber &&
	    a.nFileIndexHigh == b.nFileIndexHigh &&
	    a.nFileIndexLow == b.nFileIndexLow;
}

int64_t
file_size_of(const char *path)
{
	BY_HANDLE_FILE_INFORMATION file;

	if (describe(path, &file) != 0)
		return -1;
	return (
	    int64_t)((uint64_t)file.nFileSizeHigh << 32 | file.nFileSizeLow);
}

/* Returns 0, or -1 with errno set. */
static int
copy_permissions(HANDLE from, HANDLE to)
{
	PSECURITY_DESCRIPTOR descriptor;
	DWORD error;
	ACL *list;

	error = GetSecurityInfo(from, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
	    NULL, NULL, &list, NULL, &descriptor);
	if (error != ERROR_SUCCESS)
		return windows_fail_with(error);
	error = SetSecurityInfo(to, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
	    NULL, NULL, list, NULL);
	LocalFree(descriptor);
	return error == ERROR_SUCCESS ? 0 : windows_fail_with(error);
}

int
file_create_like(const char *path, const char *other)
{
	HANDLE like = handle_open(other, READ_CONTROL, OPEN_EXISTING, 0);
	HANDLE file;
	int result = -1;

	if (like == INVALID_HANDLE_VALUE)
		return -1;
	file = handle_open(
	    path, GENERIC_WRITE | READ_CONTROL | WRITE_DAC, OPEN_ALWAYS, 0);
	if (file != INVALID_HANDLE_VALUE) {
		result = copy_permissions(like, file);
		CloseHandle(file);
	}
	CloseHandle(like);
	return result;
}

int
file_sync_path(const char *path)
{
	HANDLE file = handle_open(path, GENERIC_WRITE, OPEN_EXISTING, 0);
	int result;

	if (file == INVALID_HANDLE_VALUE)
		return -1;
	result = FlushFileBuffers(file) ? 0 : windows_fail();
	CloseHandle(file);
	return result;
}

/* NTFS has a journal of its names, in order, and MOVEFILE_WRITE_THROUGH waits
 * for it. */
int
file_sync_directory(const char *directory)
{
	(void)directory;
	return 0;
}

static int
move(const char *from, const char *to, DWORD how)
{
	wchar_t *a = wide_new(from), *b = wide_new(to);
	int result = -1;

	if (a != NULL && b != NULL)
		result = MoveFileExW(a, b, how | MOVEFILE_WRITE_THROUGH) ?
		    0 :
		    windows_fail();
	free(a);
	free(b);
	return result;
}

int
file_replace(const char *from, const char *to)
{
	return move(from, to, MOVEFILE_REPLACE_EXISTING);
}

int
file_move(const char *from, const char *to)
{
	return move(from, to, 0);
}

int
file_remove(const char *path)
{
	wchar_t *wide = wide_new(path);
	int result;

	if (wide == NULL)
		return -1;
	result = DeleteFileW(wide) ? 0 : windows_fail();
	free(wide);
	return result;
}

/* Names are the same whatever their case. */
static bool
take_name(
    const char *directory, const char *prefix, const wchar_t *wide, char *found)
{
	char *name = wide_to_utf8(wide);
	bool fits = name != NULL &&
	    _strnicmp(name, prefix, strlen(prefix)) == 0 &&
	    snprintf(found, FILE_PATH_MAX, "%s/%s", directory, name) <
		FILE_PATH_MAX;

	free(name);
	return fits;
}

bool
file_find(const char *directory, const char *prefix, char *found)
{
	char pattern[FILE_PATH_MAX];
	WIN32_FIND_DATAW entry;
	wchar_t *wide = NULL;
	HANDLE search;
	bool any = false;

	if (snprintf(pattern, sizeof(pattern), "%s/*", directory) <
	    (int)sizeof(pattern))
		wide = wide_new(pattern);
	if (wide == NULL)
		return false;
	search = FindFirstFileW(wide, &entry);
	free(wide);
	if (search == INVALID_HANDLE_VALUE)
		return false;
	do
		any = take_name(directory, prefix, entry.cFileName, found);
	while (!any && FindNextFileW(search, &entry));
	FindClose(search);
	return any;
}

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* Whether a path begins with a drive. */
static bool
has_drive(const char *path)
{
	return isalpha((unsigned char)path[0]) && path[1] == ':';
}

/* "C:name" is in the current directory of that drive: "C:.". */
const char *
file_split(const char *path, char *directory)
{
	size_t root = has_drive(path) ? 2 : 0;
	size_t end = strlen(path);

	while (end > root && !is_slash(path[end - 1]))
		end--;
	if (end == root)
		snprintf(directory, FILE_PATH_MAX, "%.*s.", (int)root, path);
	else
		snprintf(directory, FILE_PATH_MAX, "%.*s",
		    (int)(end - 1 > root ? end - 1 : end), path);
	return path + end;
}

/* Also where only the drive is up to the process. */
bool
file_is_absolute(const char *path)
{
	return has_drive(path) || is_slash(path[0]);
}

/* The system's name for programs that want no limits: \\?\C:\name. */
#define LONG_PREFIX L"\\\\?\\"

static int
resolve(HANDLE file, wchar_t *wide, char *out)
{
	DWORD length = GetFinalPathNameByHandleW(file, wide, WIDE_PATH_MAX, 0);
	size_t skip = wcslen(LONG_PREFIX);

	if (length == 0 || length >= WIDE_PATH_MAX)
		return windows_fail();
	if (wcsncmp(wide, LONG_PREFIX, skip) != 0 || wide[skip + 1] != L':')
		skip = 0;
	if (WideCharToMultiByte(
		CP_UTF8, 0, wide + skip, -1, out, PATH_MAX, NULL, NULL) != 0)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int
file_resolve(const char *path, char *out)
{
	HANDLE file = handle_open(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING,
	    FILE_FLAG_BACKUP_SEMANTICS);
	wchar_t *wide;
	int result = -1;

	if (file == INVALID_HANDLE_VALUE)
		return -1;
	wide = malloc(WIDE_PATH_MAX * sizeof(*wide));
	if (wide != NULL)
		result = resolve(file, wide, out);
	free(wide);
	CloseHandle(file);
	return result;
}
