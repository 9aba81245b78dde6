#ifndef NATIVE_INET_H
#define NATIVE_INET_H

#include <winsock2.h>

#include <ws2tcpip.h>

#endif
