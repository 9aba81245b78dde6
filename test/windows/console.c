/*
 * Run a program on a console of its own, for tests: console PROGRAM ARGUMENT...
 *
 * Each character of standard input does something to it:
 *
 *   c   ^C is pressed
 *   b   Ctrl-Break is pressed
 *   k   it is ended, without being asked
 *
 * The end of standard input is like k. Returns the program's exit status.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define KILLED 137 /* as a shell says it */

/* Of this process, at its start. */
static HANDLE input, output, errors;

/* The command line behind the first word, which is the name of this program. */
static wchar_t *
rest_of(wchar_t *line)
{
	wchar_t end = *line == L'"' ? L'"' : L' ';

	line = wcschr(line + 1, end);
	if (line == NULL)
		return NULL;
	return line + 1 + wcsspn(line + 1, L" ");
}

/* The program does not read the standard input of this one. */
static HANDLE
start(wchar_t *line)
{
	SECURITY_ATTRIBUTES inherited = { sizeof(inherited), NULL, TRUE };
	STARTUPINFOW how = { .cb = sizeof(how),
		.dwFlags = STARTF_USESTDHANDLES };
	PROCESS_INFORMATION made;

	how.hStdInput = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ,
	    &inherited, OPEN_EXISTING, 0, NULL);
	how.hStdOutput = output;
	how.hStdError = errors;
	if (!CreateProcessW(
		NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &how, &made))
		return NULL;
	CloseHandle(made.hThread);
	return made.hProcess;
}

/* What is pressed is for the program alone. */
static BOOL WINAPI
ignore(DWORD what)
{
	(void)what;
	return TRUE;
}

/* Obey standard input. */
static DWORD WINAPI
obey(void *arg)
{
	DWORD got;
	char c;

	while (ReadFile(input, &c, 1, &got, NULL) && got == 1 && c != 'k') {
		SetConsoleCtrlHandler(ignore, TRUE);
		GenerateConsoleCtrlEvent(
		    c == 'b' ? CTRL_BREAK_EVENT : CTRL_C_EVENT, 0);
	}
	TerminateProcess(arg, KILLED);
	return 0;
}

int
main(void)
{
	wchar_t *line = rest_of(GetCommandLineW());
	HANDLE program;
	DWORD status;

	input = GetStdHandle(STD_INPUT_HANDLE);
	output = GetStdHandle(STD_OUTPUT_HANDLE);
	errors = GetStdHandle(STD_ERROR_HANDLE);
	FreeConsole();
	AllocConsole();                     /* replaces them */
	SetConsoleCtrlHandler(NULL, FALSE); /* an ignored ^C is inherited */
	program = line == NULL ? NULL : start(line);
	if (program == NULL) {
		fprintf(
		    stderr, "console: cannot run: error %lu\n", GetLastError());
		return 1;
	}
	CloseHandle(CreateThread(NULL, 0, obey, program, 0, NULL));
	WaitForSingleObject(program, INFINITE);
	GetExitCodeProcess(program, &status);
	ExitProcess(status);
}
