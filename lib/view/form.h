/* SPDX-License-Identifier: MIT
 *
 * Forms with types. A form's definition is a value like any other: that of the
 * field named as the form in the record `forms`, a map from field to type:
 *
 *   forms.site_assessment = {"code": "text", "people": "number"}
 *
 * So it travels, is replaced and conflicts as fields do, and needs no kind of
 * its own. Types guide who writes; what others wrote is shown as it is.
 *
 *   text      as typed: 007 stays 007
 *   number    an integer or a decimal
 *   yesno     yes, no, true, false
 *   position  LAT,LON or LAT,LON,ALT: degrees and metres
 */
#pragma once
#include "lib/event/payload.h"
#include "lib/view/view.h"

#define FORMS_RECORD "forms"

enum form_type { FORM_ANY, FORM_TEXT, FORM_NUMBER, FORM_YESNO, FORM_POSITION };

const char *form_type_name(enum form_type t);
/* FORM_ANY for what is none. */
enum form_type form_type_parse(struct span name);
/* What the form of a record says of a field. */
enum form_type form_type_of(const struct view *v, struct span record,
			    struct span field);
/* What a person typed, appended as CBOR of that type. 0 or -EINVAL. */
int form_value(struct buf *out, enum form_type t, struct span typed);
/* Whether a value is of the type. */
bool form_fits(enum form_type t, struct span value);
