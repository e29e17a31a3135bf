/* SPDX-License-Identifier: MIT
 *
 * The radio channel: one half-duplex frequency shared by N stations, without
 * I/O: bytes and now in, deliveries out. cairn-air puts ptys and sockets
 * around it, cairn-sim puts stations.
 *
 * A station's TNC holds bursts in a queue. When it senses no carrier (carrier
 * is sensed dcd_us after it began) it keys with probability (p+1)/256 each
 * slot: TXDELAY, the frames, TXTAIL. A frame reaches a neighbour unless the
 * neighbour was transmitting, another of its neighbours was on the air at the
 * same time (collision), or it is lost with probability
 * 1 - (1 - loss)^(bytes on air / 275). Bit stuffing counts 63/62. Everything
 * is drawn from one seeded generator: the same calls give the same channel.
 *
 * Two options. Fades (Gilbert): loss comes in stretches of fade_us in the mean,
 * on each link by itself, in which nothing gets through; in between all does,
 * and `loss` is the share of time that fades take. Capture: each link has a
 * strength, uniform in 0 to 40 dB; of two stations on the air at once who is
 * capture_db stronger at a receiver is heard there all the same.
 *
 * Bytes on air: a frame of n AX.25 bytes (address, control, PID, info; no
 * FCS) costs n + 3, for FCS and one flag.
 */
#pragma once
#include "lib/base/bytes.h"

#define AIR_STATIONS_MAX 64
#define AIR_QUEUE_BYTES_MAX 65536
#define AIR_FRAME_MAX 2048
#define AIR_FRAME_OVERHEAD 3

struct air_config {
	unsigned stations;	/* 1..64 */
	unsigned bitrate;	/* 1200 */
	unsigned txdelay_us, txtail_us, slot_us, dcd_us;
	unsigned persistence;	/* 0..255; 63 is p = 0.25 */
	double loss;		/* of a full 275-byte frame */
	uint64_t fade_us;	/* 0 = each frame by itself */
	double capture_db;	/* 0 = nobody is heard in a collision */
	uint64_t seed;
};
extern const struct air_config air_default;

struct air_delivery {
	unsigned from, to;
	struct span frame;	/* until the next air_next */
};

struct air_stats {
	/* sent; airtime_us counts TXDELAY and TXTAIL too */
	uint64_t frames, keyups, bytes, airtime_us;
	/* received, one each a frame and receiver */
	uint64_t collisions, lost, delivered;
};

struct air;
/* NULL for a configuration out of range. Nobody hears anybody yet. */
struct air *air_new(const struct air_config *c);
void air_free(struct air *a);
/* Whether `to` hears `from`; both ways with air_link. A frame already on the
 * air is not heard by who was not linked when it began. */
void air_hears(struct air *a, unsigned from, unsigned to, bool yes);
void air_link(struct air *a, unsigned x, unsigned y, bool yes);
void air_set_loss(struct air *a, double loss);
/* The TNC's parameters of one station (KISS commands). */
void air_set_txdelay(struct air *a, unsigned station, unsigned us);
void air_set_txtail(struct air *a, unsigned station, unsigned us);
void air_set_slot(struct air *a, unsigned station, unsigned us);
void air_set_persistence(struct air *a, unsigned station, unsigned p);

/* A burst of frames for one key-up (AX.25 without FCS); copied. 0, -EINVAL
 * (no frames, a frame of no or too many bytes), or -ENOBUFS. */
int air_send(struct air *a, unsigned station, const struct span *frames,
	     size_t n, uint64_t now_us);
/* One frame as a TNC takes it: it joins the burst that still waits for the
 * channel, if there is one. As air_send. */
int air_append(struct air *a, unsigned station, struct span frame,
	       uint64_t now_us);
/* Advances to now and yields one delivery after the other (true), then
 * false. Sending between two calls is fine. */
bool air_next(struct air *a, uint64_t now_us, struct air_delivery *d);
/* When something happens next, or UINT64_MAX. */
uint64_t air_wake_us(const struct air *a);
/* Nothing queued and nothing on the air. */
bool air_idle(const struct air *a, unsigned station);
const struct air_stats *air_stats(const struct air *a);
const struct air_stats *air_station_stats(const struct air *a,
					  unsigned station);
/* Air time of a frame of n AX.25 bytes (no FCS), key-up not included. */
uint64_t air_frame_us(const struct air_config *c, size_t n);
