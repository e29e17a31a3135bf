/* SPDX-License-Identifier: MIT
 *
 * What systemd wants to know (sd_notify(3)): a datagram to $NOTIFY_SOCKET.
 * Without one, nothing happens.
 */
#pragma once
#include <stdint.h>

void notify(const char *text);		/* "READY=1" */
/* Half of $WATCHDOG_USEC: how often to say "WATCHDOG=1"; 0 = never. */
uint64_t notify_watchdog_us(void);
