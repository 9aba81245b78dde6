#include "service_install.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "arguments.h"
#include "base/exit_status.h"
#include "message.h"
#include "wide.h"

/* Its own account, which exists as long as the service, and has no rights but
 * those that somebody grants it. */
#define ACCOUNT L"NT SERVICE\\" SERVICE_NAME

#define EVENT_SOURCE                                                           \
	L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application"          \
	L"\\" SERVICE_NAME

#define DAY_S        (24 * 3600)
#define STOP_STEPS   300
#define STOP_STEP_MS 100
#define EVENT_TYPES  7 /* errors, warnings, information */

/* Returns an exit status, after a line about the last error. */
static int
failed(const char *what)
{
	DWORD error = GetLastError();
	char text[WINDOWS_MESSAGE_MAX];

	fprintf(stderr, "mbasyncserver: service: %s: %s%s\n", what,
	    windows_message(error, text),
	    error == ERROR_ACCESS_DENIED ?
		"; expected to be run as administrator" :
		"");
	if (error == ERROR_ACCESS_DENIED)
		return EX_NOPERM;
	return error == ERROR_SERVICE_EXISTS ||
		error == ERROR_SERVICE_DOES_NOT_EXIST ?
	    EX_CONFIG :
	    EX_OSERR;
}

/* "PROGRAM" service run FOLDER OPTIONS. Returns it, to be freed, or NULL. */
static wchar_t *
command_of(int argc, char **argv)
{
	struct arguments line = { .text = NULL };
	wchar_t *path = calloc(WIDE_PATH_MAX, sizeof(*path));

	if (path != NULL && GetModuleFileNameW(NULL, path, WIDE_PATH_MAX) != 0)
		arguments_add(&line, path);
	arguments_add(&line, L"service");
	arguments_add(&line, L"run");
	if (path != NULL && GetCurrentDirectoryW(WIDE_PATH_MAX, path) != 0)
		arguments_add(&line, path);
	free(path);
	for (int i = 0; i < argc; i++) {
		wchar_t *word = wide_new(argv[i]);

		arguments_add(&line, word);
		free(word);
	}
	return arguments_take(&line);
}

/* Set something of the service. What this system does not know is left out, as
 * Wine does with some. */
static BOOL
set(SC_HANDLE service, DWORD what, void *value)
{
	return ChangeServiceConfig2W(service, what, value) ||
	    GetLastError() == ERROR_INVALID_LEVEL;
}

/* Start it again when it has failed, in whichever way: soon, then later. */
static BOOL
set_recovery(SC_HANDLE service)
{
	SC_ACTION again[] = {
		{ SC_ACTION_RESTART, 1000 },
		{ SC_ACTION_RESTART, 10000 },
		{ SC_ACTION_RESTART, 60000 },
	};
	SERVICE_FAILURE_ACTIONSW actions = {
		.dwResetPeriod = DAY_S,
		.cActions = sizeof(again) / sizeof(*again),
		.lpsaActions = again,
	};
	SERVICE_FAILURE_ACTIONS_FLAG always = { TRUE };

	return set(service, SERVICE_CONFIG_FAILURE_ACTIONS, &actions) &&
	    set(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &always);
}

static BOOL
set_description(SC_HANDLE service)
{
	wchar_t text[] = L"Modbus/TCP server with one shared data table";
	SERVICE_DESCRIPTIONW description = { text };

	return set(service, SERVICE_CONFIG_DESCRIPTION, &description);
}

/* Where the event log finds the text of its lines: in this program. */
static void
register_events(void)
{
	wchar_t *path = calloc(WIDE_PATH_MAX, sizeof(*path));
	DWORD types = EVENT_TYPES, length;
	HKEY key;

	if (path != NULL &&
	    (length = GetModuleFileNameW(NULL, path, WIDE_PATH_MAX)) != 0 &&
	    RegCreateKeyExW(HKEY_LOCAL_MACHINE, EVENT_SOURCE, 0, NULL, 0,
		KEY_SET_VALUE, NULL, &key, NULL) == ERROR_SUCCESS) {
		RegSetValueExW(key, L"EventMessageFile", 0, REG_SZ,
		    (const BYTE *)path, (DWORD)((length + 1) * sizeof(*path)));
		RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD,
		    (const BYTE *)&types, sizeof(types));
		RegCloseKey(key);
	}
	free(path);
}

static int
create(SC_HANDLE manager, const wchar_t *command)
{
	SC_HANDLE service = CreateServiceW(manager, SERVICE_NAME, SERVICE_NAME,
	    SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
	    SERVICE_ERROR_NORMAL, command, NULL, NULL, L"Tcpip\0", ACCOUNT,
	    NULL);
	int status = EX_OK;

	if (service == NULL)
		return failed("cannot be installed");
	register_events();
	if (!set_recovery(service) || !set_description(service)) {
		status = failed("cannot be installed");
		DeleteService(service);
	}
	CloseServiceHandle(service);
	if (status == EX_OK)
		puts("service: installed; it starts with the system, and now "
		     "by: "
		     "net start mbasyncserver");
	return status;
}

int
service_install(int argc, char **argv)
{
	wchar_t *command = command_of(argc, argv);
	SC_HANDLE manager;
	int status;

	if (command == NULL) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return failed("cannot be installed");
	}
	manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
	if (manager == NULL)
		status = failed("cannot be installed");
	else
		status = create(manager, command);
	if (manager != NULL)
		CloseServiceHandle(manager);
	free(command);
	return status;
}

/* Stop it, and wait until it has. */
static void
stop(SC_HANDLE service)
{
	SERVICE_STATUS status;

	if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
		return;
	for (int i = 0;
	     i < STOP_STEPS && QueryServiceStatus(service, &status) &&
	     status.dwCurrentState != SERVICE_STOPPED;
	     i++)
		Sleep(STOP_STEP_MS);
}

int
service_remove(void)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	SC_HANDLE service = manager == NULL ?
	    NULL :
	    OpenServiceW(manager, SERVICE_NAME,
		SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
	int status = EX_OK;

	if (service != NULL)
		stop(service);
	if (service == NULL || !DeleteService(service))
		status = failed("cannot be removed");
	if (service != NULL)
		CloseServiceHandle(service);
	if (manager != NULL)
		CloseServiceHandle(manager);
	if (status == EX_OK) {
		RegDeleteKeyW(HKEY_LOCAL_MACHINE, EVENT_SOURCE);
		puts("service: removed");
	}
	return status;
}
