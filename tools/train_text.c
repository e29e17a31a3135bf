/* SPDX-License-Identifier: MIT
 *
 * What people type into forms in the field, made up: the text that the
 * dictionary of the run codec is trained on, and nothing else. The words are
 * those of relief work, search and rescue, health, water, weather, repairs and
 * radio nets; sentences are put together from phrases, so that words stand
 * between the words they stand between in life.
 */
#include <string.h>
#include "lib/event/payload.h"
#include "tools/train.h"

/* Alternatives, separated by '|'. */
static const char fields[] =
	"status|status|state|condition|working|functional|available|checked|"
	"latitude|longitude|lat|lon|altitude|elevation|location|"
	"place|village|district|camp|site|site_name|name|contact|phone|"
	"callsign|frequency|battery|voltage|power|power_source|generator|"
	"fuel|fuel_litres|radio|antenna|"
	"population|households|families|people|persons|men|women|children|"
	"infants|pregnant|elderly|disabled|injured|missing|dead|deaths|"
	"displaced|evacuated|arrivals|shelter|shelters|tents|blankets|"
	"capacity|beds|staff|patients|cases|admissions|referrals|vaccinated|"
	"medicine|medical|diagnosis|symptoms|temperature|"
	"water|water_source|water_point|water_level|flow|flow_rate|yield|"
	"depth|depth_m|ph|turbidity|chlorine|residual_chlorine|latrines|toilets|"
	"food|food_stock|rice_kg|needs|"
	"need_water|need_food|need_medical|need_shelter|priority|urgency|severity|damage|"
	"damage_level|roof|walls|building|building_type|road|road_access|"
	"access|bridge|distance_km|vehicle|school|clinic|"
	"market|market_open|source|"
	"date|time|visited|visited_at|assessed_by|assessed_on|"
	"interviewer|reporter|observer|language|age|sex|weight|height|"
	"wind|wind_speed|rain|rain_mm|pressure|humidity|river_level|"
	"snow_depth|visibility|cause|hazard|team|sector|tasked|notes|"
	"comment|remarks|description|photo|type|model|serial|quantity|unit|"
	"stock|price|owner|operator|next_visit";
static const char forms[] =
	"assessment|site_assessment|needs_assessment|damage_assessment|"
	"water_point|water_quality|household|household_survey|health_facility|"
	"clinic_report|sitrep|situation_report|weather_report|station_log|"
	"net_check|repeater_site|relay_check|incident|missing_person|"
	"search_sector|shelter_registration|distribution|stock_report|"
	"road_report|school_survey|daily_report|inspection|visit";
static const char statuses[] =
	"OPEN|OPENED|CLOSED|DONE|NEW|ACTIVE|PENDING|PLANNED|ASSIGNED|"
	"IN_PROGRESS|ONGOING|BLOCKED|STOPPED|RESOLVED|UNKNOWN|FULL|EMPTY|"
	"LOW|MEDIUM|HIGH|CRITICAL|ok|good|fair|poor|none|yes|no|unknown|"
	"partial|broken|working|not working|damaged|destroyed|closed|open|"
	"full|empty|low|high|safe|unsafe|green|yellow|red|urgent|routine|"
	"borehole|spring|river|tanker|solar|grid|diesel|"
	"normal|moderate|severe|stable|improving|waiting|confirmed";
static const char who[] =
	"the team|rescue team|team two|two volunteers|a nurse|the doctor|"
	"the village chief|three families|five children|an engineer|"
	"the operator|a patrol|the ambulance|the helicopter|the truck|"
	"the mayor|one woman|an old man|the driver|the pharmacist|police|"
	"red cross|residents|the school|people|some households|staff|"
	"the supervisor|four injured|a mother and child|control|the relay";
static const char what[] =
	"pump|hand pump|pump handle|water tank|water point|the well|borehole|"
	"tap stand|pipe|latrine|latrine pit|generator|battery|solar panel|"
	"antenna|antenna mast|guy wire|repeater|radio|feed line|roof|"
	"school roof|bridge|main road|track|road|culvert|power line|"
	"church hall|school|clinic|hospital|health post|market|shelter|camp|"
	"tent|fuel tank|bus|boat|dam|river|north gate|fence|landing zone";
static const char is[] =
	"is broken|is working|is working again|not working|damaged|"
	"is leaking|is dry|was repaired|has been repaired|repaired|"
	"is blocked|blocked by a tree|washed away|washed out|under water|"
	"is open|is closed|closed until further notice|is full|nearly empty|"
	"is low|level dropping|level rising|rising fast|falling slowly|"
	"needs repair|needs cleaning|cleaned and tested|tested and clear|"
	"contaminated|collapsed|is safe|not safe|passable by tractor only|"
	"passable with care|clear again|replaced|is loose|is weak|"
	"without power|out of fuel|overloaded|is down|back on the air";
static const char did[] =
	"arrived|arrived safely|left|has left for|is moving to|moved up to|"
	"is waiting for|needs|needs help at|asks for|requests|reports|"
	"has evacuated|was evacuated to|was referred to|stays at|returned from|"
	"went to|is on the way to|will visit|checked|found|cannot reach|"
	"has no contact with|is searching|delivered|brought|received|took";
static const char thing[] =
	"drinking water|water|food|rice|oil|soap|blankets|tents|tarpaulins|"
	"fuel|diesel|medicine|medical supplies|first aid|dressings|insulin|"
	"antibiotics|chlorine tablets|spare parts|a new pump|a stretcher|"
	"transport|a vehicle|a helicopter|more volunteers|a generator|"
	"batteries|shelter|clothes|baby food|supplies|rope|tools";
static const char where[] =
	"at the school|at the church|at the hospital|at the clinic|"
	"in the camp|in the village|in the valley|near the river|"
	"near the bridge|on the main road|on the ridge|by the market|"
	"at the station|from the north|to the south|in sector 4|"
	"via the east road|on the other side|at the crossing|up the hill|"
	"downstream|west of town|in town|at home|at the hall";
static const char when[] =
	"today|tomorrow|tomorrow morning|this morning|this afternoon|tonight|"
	"last night|since yesterday|since dawn|until noon|at eight|at 0600|"
	"at 1800 local|for two days|for three days|in one hour|now|again|"
	"every day|before dark|next week|not yet|still|soon";
static const char more[] =
	"please confirm|please advise|urgent|no injuries|no injuries reported|"
	"two injured|one dead|all safe|all well|nothing to report|"
	"weather clear|heavy rain expected|strong wind|wind rising|snow|fog|"
	"temperature falling|children have fever|cases of diarrhoea|"
	"sample sent to town|photo taken|loud and clear|good signal|radio check|"
	"next net at 2000|contact by radio only|battery at half|"
	"roads are open|and no road access|but not safe to drink|"
	"prices are rising|will check again|only on foot|"
	"use the other road|need more time|and the rest later|out";
static const char calls[] = "N0CALL|N0CALL-7|N0CALL-1";
static const char *const mimes[] = { "image/jpeg", "image/png",
				     "audio/ogg", "text/plain" };

/* One of the alternatives of a list. */
static struct span pick(struct random *rng, const char *list)
{
	const char *at = list, *end;
	unsigned n = 1;

	for (const char *p = list; *p; p++)
		n += *p == '|';
	for (n = (unsigned)random_below(rng, n); n; n--)
		at = strchr(at, '|') + 1;
	end = strchrnul(at, '|');
	return SPAN(at, (size_t)(end - at));
}

static void text_add(struct buf *text, struct span s)
{
	if (text->len)
		buf_add_u8(text, ' ');
	buf_add(text, s);
}

static void text_put(struct buf *out, struct buf *text)
{
	payload_put_text(out, buf_span(text));
	text->len = 0;
}

static void put_pick(struct buf *out, struct random *rng, const char *list)
{
	payload_put_text(out, pick(rng, list));
}

static void clause(struct buf *text, struct random *rng)
{
	if (random_below(rng, 2)) {
		text_add(text, pick(rng, what));
		text_add(text, pick(rng, is));
	} else {
		text_add(text, pick(rng, who));
		text_add(text, pick(rng, did));
		text_add(text, pick(rng, random_below(rng, 2) ? thing : what));
	}
	if (random_below(rng, 2))
		text_add(text, pick(rng, where));
	if (random_below(rng, 3) == 0)
		text_add(text, pick(rng, when));
}

static void put_sentence(struct buf *out, struct random *rng)
{
	struct buf text = { 0 };

	clause(&text, rng);
	if (random_below(rng, 3) == 0)
		clause(&text, rng);
	if (random_below(rng, 2))
		text_add(&text, pick(rng, more));
	text_put(out, &text);
	buf_fini(&text);
}

static void put_remark(struct buf *out, struct random *rng)
{
	static const char *const lists[] = { what, is, where, when, more,
					     thing };

	put_pick(out, rng, lists[random_below(rng, 6)]);
}

static void put_value(struct buf *out, struct random *rng)
{
	unsigned x = (unsigned)random_below(rng, 100);

	if (x < 25)
		payload_put_bool(out, x & 1);
	else if (x < 45)
		payload_put_uint(out, random_below(rng, 60));
	else if (x < 55)
		payload_put_uint(out, random_below(rng, 1000));
	else if (x < 60)
		payload_put_real(out, (double)random_below(rng, 500) / 10);
	else if (x < 80)
		put_pick(out, rng, statuses);
	else
		put_remark(out, rng);
}

static void put_record(struct buf *out, size_t members, struct random *rng)
{
	struct buf id = { 0 };

	buf_printf(&id, "%s-%u", random_below(rng, 4) ? "R" : "W",
		   1 + (unsigned)random_below(rng, 9999));
	payload_put_map(out, members);
	payload_put_uint(out, KEY_RECORD);
	text_put(out, &id);
	buf_fini(&id);
}

static void put_create(struct buf *out, struct random *rng)
{
	put_record(out, 3, rng);
	payload_put_uint(out, KEY_FORM);
	put_pick(out, rng, forms);
	payload_put_uint(out, KEY_BY);
	put_pick(out, rng, calls);
}

static void put_field(struct buf *out, struct random *rng)
{
	struct span field = pick(rng, fields);

	put_record(out, 3, rng);
	payload_put_uint(out, KEY_FIELD);
	payload_put_text(out, field);
	payload_put_uint(out, KEY_VALUE);
	if (span_equal(field, SPAN_STR("status")) ||
	    span_equal(field, SPAN_STR("state")))
		put_pick(out, rng, statuses);
	else
		put_value(out, rng);
}

static void put_note(struct buf *out, struct random *rng)
{
	put_record(out, 2, rng);
	payload_put_uint(out, KEY_TEXT);
	put_sentence(out, rng);
}

static void put_attachment(struct buf *out, struct random *rng)
{
	uint8_t hash[16];

	for (unsigned i = 0; i < sizeof(hash); i++)
		hash[i] = (uint8_t)random_next(rng);
	put_record(out, 5, rng);
	payload_put_uint(out, KEY_FIELD);
	put_pick(out, rng, fields);
	payload_put_uint(out, KEY_BLOB_HASH);
	payload_put_bytes(out, SPAN(hash, sizeof(hash)));
	payload_put_uint(out, KEY_SIZE);
	payload_put_uint(out, 4000 + random_below(rng, 400000));
	payload_put_uint(out, KEY_MIME);
	payload_put_text(out, SPAN_STR(mimes[random_below(rng, 4)]));
}

uint16_t train_payload(struct buf *out, struct random *rng)
{
	unsigned x = (unsigned)random_below(rng, 100);

	if (x < 10) {
		put_create(out, rng);
		return KIND_RECORD_CREATE;
	}
	if (x < 70) {
		put_field(out, rng);
		return KIND_FIELD_SET;
	}
	if (x < 96) {
		put_note(out, rng);
		return KIND_NOTE_ADD;
	}
	put_attachment(out, rng);
	return KIND_ATTACHMENT_ADD;
}
