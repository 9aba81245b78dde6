/* RTU frames for a rig: the server's side, and clients. */
#ifndef RIG_RTU_H
#define RIG_RTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entrance;
struct server;

/* Let rigs serve RTU frames. */
void rig_rtu_init(void);

/* False: rig_rtu_init was not called. */
bool rig_rtu_on(void);

/* A way in to the server, with the transport that the program has. NULL when
 * there is no memory. rig_rtu_end is due in any case, once the server is
 * freed. */
const struct entrance *rig_rtu_begin(struct server *server);
void rig_rtu_end(void);

/* Make a frame of an ADU, where it is: no MBAP header, and a CRC. Returns its
 * length. */
size_t rig_rtu_frame(uint8_t *adu, size_t length);

#endif
