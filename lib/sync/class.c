/* SPDX-License-Identifier: MIT
 *
 * How urgent an event is: the table of class.h.
 */
#include "lib/event/payload.h"
#include "lib/sync/class.h"

#define TAG_POSITION 103

static bool class_marked(const struct event *e)
{
	struct payload_value v;

	return payload_get(e->payload, KEY_URGENT, &v) &&
		v.type == PAYLOAD_BOOL && v.num;
}

static bool class_position(const struct event *e)
{
	struct payload_value v;

	return e->kind == KIND_FIELD_SET &&
		payload_get(e->payload, KEY_VALUE, &v) &&
		v.type == PAYLOAD_TAG && v.num == TAG_POSITION;
}

enum sync_class sync_class_of(const struct event *e)
{
	if (e->kind == KIND_STATION_ORDER)
		return SYNC_DISTRESS;
	if (e->withheld)
		return SYNC_RECORD;
	if (class_marked(e))
		return SYNC_DISTRESS;
	return class_position(e) ? SYNC_POSITION : SYNC_RECORD;
}
