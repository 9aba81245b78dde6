/* Windows' headers, which must come in this order. */
#ifndef API_H
#define API_H

#include <winsock2.h>

#include <windows.h>

#include <ws2tcpip.h>

#endif
