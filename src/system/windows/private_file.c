#include "system/private_file.h"

#include "api.h"

#include <aclapi.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "handle.h"
#include "system/error.h"
#include "wide.h"

/* Whether it stands for everybody who can log on. */
static bool
is_others(PSID who)
{
	static const WELL_KNOWN_SID_TYPE others[] = { WinWorldSid,
		WinAuthenticatedUserSid, WinBuiltinUsersSid,
		WinBuiltinGuestsSid, WinInteractiveSid, WinNetworkSid };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (IsWellKnownSid(who, others[i]))
			return true;
	return false;
}

/* Whether an entry of the list lets others read or write. */
static bool
is_open_to_others(const ACE_HEADER *header)
{
	const ACCESS_ALLOWED_ACE *entry = (const void *)header;
	ACCESS_MASK any = FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA |
	    WRITE_DAC | WRITE_OWNER | GENERIC_READ | GENERIC_WRITE |
	    GENERIC_ALL;

	return header->AceType == ACCESS_ALLOWED_ACE_TYPE &&
	    (header->AceFlags & INHERIT_ONLY_ACE) == 0 &&
	    (entry->Mask & any) != 0 && is_others((PSID)&entry->SidStart);
}

/* No list at all is full access for everybody. */
static bool
lets_others_in(ACL *list)
{
	void *entry;

	if (list == NULL)
		return true;
	for (DWORD i = 0; i < list->AceCount; i++)
		if (GetAce(list, i, &entry) && is_open_to_others(entry))
			return true;
	return false;
}

/* Why a file is not fit for a secret, or NULL. */
static const char *
check_file(HANDLE file)
{
	PSECURITY_DESCRIPTOR descriptor;
	DWORD error;
	ACL *list;
	bool open;

	if (GetFileType(file) != FILE_TYPE_DISK)
		return "expected a regular file";
	error = GetSecurityInfo(file, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
	    NULL, NULL, &list, NULL, &descriptor);
	if (error != ERROR_SUCCESS) {
		windows_fail_with(error);
		return error_text(errno);
	}
	open = lets_others_in(list);
	LocalFree(descriptor);
	return open ? "expected a file that others can neither read nor write "
		      "(icacls FILE /inheritance:r /grant:r \"%USERNAME%:F\")" :
		      NULL;
}

int
private_file_open(const char *path, const char **why)
{
	HANDLE file =
	    handle_open(path, GENERIC_READ | READ_CONTROL, OPEN_EXISTING, 0);
	int fd;

	if (file == INVALID_HANDLE_VALUE) {
		*why = error_text(errno);
		return -1;
	}
	*why = check_file(file);
	if (*why != NULL) {
		CloseHandle(file);
		return -1;
	}
	fd = handle_descriptor(file);
	if (fd < 0)
		*why = error_text(errno);
	return fd;
}
