#include "service.h"

#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "service_install.h"
#include "signals_raise.h"
#include "wide.h"

#define MESSAGE_LINE 1 /* messages.mc */

/* How long the start may take, and the stop: both include the disk. */
#define START_HINT_MS 600000
#define STOP_HINT_MS  60000

/* Controls of our own: sc control mbasyncserver 128. */
#define CONTROL_BACK_UP 128
#define CONTROL_REPORT  129

/* Of the one service of this process. The control manager calls its functions
 * without an argument of ours. */
static struct {
	service_program_fn program;
	int argc;
	char **argv;
	SERVICE_STATUS_HANDLE handle; /* NULL: not run as a service */
	HANDLE events;                /* of the event log, or NULL */
	CRITICAL_SECTION lock;        /* of the next */
	DWORD phase;
} service;

/* With a status of the program, in the last phase. */
static void
report(DWORD phase, int status)
{
	SERVICE_STATUS now = {
		.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
		.dwCurrentState = phase,
		.dwWin32ExitCode =
		    status == EX_OK ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR,
		.dwServiceSpecificExitCode = (DWORD)status,
	};

	if (service.handle == NULL)
		return;
	if (phase == SERVICE_START_PENDING)
		now.dwWaitHint = START_HINT_MS;
	if (phase == SERVICE_STOP_PENDING)
		now.dwWaitHint = STOP_HINT_MS;
	if (phase == SERVICE_START_PENDING || phase == SERVICE_RUNNING)
		now.dwControlsAccepted = SERVICE_ACCEPT_STOP |
		    SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE;
	EnterCriticalSection(&service.lock);
	service.phase = phase;
	SetServiceStatus(service.handle, &now);
	LeaveCriticalSection(&service.lock);
}

/* Until it catches that, the program is only reading: it can end at once. */
static void
stop(void)
{
	report(SERVICE_STOP_PENDING, EX_OK);
	if (signals_raise(SIGNALS_STOP, "the service control manager"))
		return;
	report(SERVICE_STOPPED, EX_OK);
	ExitProcess(EX_OK);
}

static DWORD WINAPI
control(DWORD what, DWORD type, void *data, void *arg)
{
	(void)type;
	(void)data;
	(void)arg;
	switch (what) {
	case SERVICE_CONTROL_STOP:
	case SERVICE_CONTROL_SHUTDOWN:
		stop();
		return NO_ERROR;
	case SERVICE_CONTROL_PARAMCHANGE:
		signals_raise(SIGNALS_RELOAD, "paramchange");
		return NO_ERROR;
	case CONTROL_BACK_UP:
		signals_raise(SIGNALS_BACK_UP, "control 128");
		return NO_ERROR;
	case CONTROL_REPORT:
		signals_raise(SIGNALS_REPORT, "control 129");
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE:
		return NO_ERROR;
	default:
		return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void WINAPI
run(DWORD argc, wchar_t **argv)
{
	(void)argc;
	(void)argv;
	service.handle =
	    RegisterServiceCtrlHandlerExW(SERVICE_NAME, control, NULL);
	if (service.handle == NULL)
		return;
	service.events = RegisterEventSourceW(NULL, SERVICE_NAME);
	report(SERVICE_START_PENDING, EX_OK);
	report(SERVICE_STOPPED, service.program(service.argc, service.argv));
}

/* argv[0] is the folder that relative names of files begin in, and becomes the
 * name of the program. */
static int
run_service(int argc, char **argv)
{
	SERVICE_TABLE_ENTRYW services[] = {
		{ (wchar_t[]){ SERVICE_NAME }, run },
		{ NULL, NULL },
	};
	wchar_t *folder = wide_new(argv[0]);

	if (folder == NULL || !SetCurrentDirectoryW(folder)) {
		free(folder);
		return EX_CONFIG;
	}
	free(folder);
	argv[0] = (char[]){ "mbasyncserver" };
	service.argc = argc;
	service.argv = argv;
	InitializeCriticalSection(&service.lock);
	if (StartServiceCtrlDispatcherW(services))
		return EX_OK;
	fputs("mbasyncserver: service run: expected to be started by the "
	      "service control manager\n",
	    stderr);
	return EX_USAGE;
}

/* Whether the options of a service to be are good: as --check says. */
static int
check(int argc, char **argv, service_program_fn program)
{
	char **words = calloc((size_t)argc + 3, sizeof(*words));
	int status;

	if (words == NULL)
		return EX_OSERR;
	words[0] = (char[]){ "mbasyncserver" };
	words[1] = (char[]){ "--check" };
	memcpy(words + 2, argv, (size_t)argc * sizeof(*words));
	status = program(argc + 2, words);
	free(words);
	return status;
}

int
service_main(int argc, char **argv, service_program_fn program)
{
	int status;

	service.program = program;
	if (argc >= 3 && strcmp(argv[1], "run") == 0)
		return run_service(argc - 2, argv + 2);
	if (argc == 2 && strcmp(argv[1], "remove") == 0)
		return service_remove();
	if (argc >= 2 && strcmp(argv[1], "install") == 0) {
		status = check(argc - 2, argv + 2, program);
		return status == EX_OK ? service_install(argc - 2, argv + 2) :
					 status;
	}
	fputs("mbasyncserver: service: expected install, with the options of "
	      "the service, or remove\n",
	    stderr);
	return EX_USAGE;
}

bool
service_is_running(void)
{
	return service.handle != NULL;
}

void
service_ready(void)
{
	report(SERVICE_RUNNING, EX_OK);
}

void
service_stopping(void)
{
	report(SERVICE_STOP_PENDING, EX_OK);
}

/* Windows has three kinds of lines. */
static WORD
event_type(int level)
{
	if (level <= 3)
		return EVENTLOG_ERROR_TYPE;
	return level == 4 ? EVENTLOG_WARNING_TYPE : EVENTLOG_INFORMATION_TYPE;
}

void
service_log(int level, const char *line)
{
	wchar_t *wide = service.events == NULL ? NULL : wide_new(line);
	const wchar_t *strings[] = { wide };

	if (wide != NULL)
		ReportEventW(service.events, event_type(level), 0, MESSAGE_LINE,
		    NULL, 1, 0, strings, NULL);
	free(wide);
}
