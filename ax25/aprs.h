/* SPDX-License-Identifier: MIT
 *
 * What an APRS frame says: the information field of a UI frame, PID F0, by its
 * first byte (APRS Protocol Reference 1.0.1).
 *
 *   ! =  position      / @  with a time      ` '  Mic-E (half of it is in the
 *   ;  object          )    item                  destination address)
 *   :  message         >    status           _    weather      T#  telemetry
 *   }  third party     ?    query            <    capabilities {   user's own
 *
 * Only what is in the expected form is taken for it; the rest is APRS_NONE,
 * text like any other. Everything is borrowed from the frame.
 */
#pragma once
#include "ax25/frame.h"

enum aprs_kind {
	APRS_NONE, APRS_POSITION, APRS_MIC_E, APRS_OBJECT, APRS_ITEM,
	APRS_MESSAGE, APRS_ACK, APRS_REJECT, APRS_BULLETIN, APRS_STATUS,
	APRS_WEATHER, APRS_TELEMETRY, APRS_QUERY, APRS_CAPABILITIES,
	APRS_GPS, APRS_THIRD_PARTY, APRS_USER, APRS_KIND_COUNT,
};

#define APRS_UNKNOWN (-1)
#define APRS_NO_ALTITUDE INT32_MIN
#define APRS_KMH_PER_KN 1.852
#define APRS_M_PER_FT 0.3048

struct aprs {
	enum aprs_kind kind;
	bool has_position;
	bool compressed;
	bool weather;		/* a weather station's position */
	bool killed;		/* object, item */
	uint8_t ambiguity;	/* digits of the position left out, 0..4 */
	char table, symbol;	/* of the map symbol */
	double lat_deg, lon_deg;	/* north and east */
	int course_deg, speed_kn;	/* or APRS_UNKNOWN */
	int32_t altitude_ft;		/* or APRS_NO_ALTITUDE */
	const char *status;	/* Mic-E's message, or NULL */
	struct span time;	/* as sent, "092345z"; may be empty */
	struct span name;	/* object, item, addressee */
	struct span number;	/* of a message, or what is acknowledged */
	struct span text;	/* what is left: comment, text */
};

/* "position", "mic-e" ...: stable words; "" for APRS_NONE. */
const char *aprs_kind_name(enum aprs_kind k);
/* False, and kind APRS_NONE, if it is not a form of APRS. */
bool aprs_parse(struct aprs *a, const struct ax25_frame *f);
