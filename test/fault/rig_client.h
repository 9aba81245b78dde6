/* Between rig.c and rig_client.c. */
#ifndef RIG_CLIENT_H
#define RIG_CLIENT_H

#include "rig.h"

/* A new table, all zeros, as a new server has. */
void rig_model_init(void);

/* Send and receive what can be. Returns whether anything has moved. */
bool rig_client_pump(struct rig_client *c);

#endif
