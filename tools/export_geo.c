/* SPDX-License-Identifier: MIT
 *
 * Positions of the records as GeoJSON, GPX or KML: a point for each field that
 * holds a position, named by its record; GeoJSON has the record's other fields
 * as properties. The order is that of `cairn view`.
 */
#include <errno.h>
#include "tools/export.h"

struct point {
	struct span record, form, field;
	const struct json *at;		/* [lat, lon] or [lat, lon, alt] */
	const struct json *fields;
};

static const struct json *position_of(const struct json *v)
{
	const struct json *at = json_get(v, "position");

	return json_is(at, JSON_ARRAY) && json_len(at) >= 2 ? at : NULL;
}

static double degrees(const struct point *p, size_t i)
{
	return json_real(json_at(p->at, i));
}

/* ---- GeoJSON (RFC 7946): longitude first ---- */

static void geojson_properties(struct json_out *o, const struct point *p)
{
	struct json_member m = { .it = NULL };

	json_out_key(o, "properties");
	json_out_object(o);
	json_out_kv_span(o, "record_id", p->record);
	json_out_kv_span(o, "form", p->form);
	json_out_kv_span(o, "field", p->field);
	json_out_key(o, "fields");
	json_out_object(o);
	while (json_next(p->fields, &m)) {
		if (position_of(m.value))
			continue;
		json_out_key_span(o, m.key);
		json_out_value(o, m.value);
	}
	json_out_end_object(o);
	json_out_end_object(o);
}

static void geojson_point(struct json_out *o, const struct point *p)
{
	json_out_object(o);
	json_out_kv_string(o, "type", "Feature");
	json_out_key(o, "geometry");
	json_out_object(o);
	json_out_kv_string(o, "type", "Point");
	json_out_key(o, "coordinates");
	json_out_array(o);
	json_out_value(o, json_at(p->at, 1));
	json_out_value(o, json_at(p->at, 0));
	if (json_len(p->at) > 2)
		json_out_value(o, json_at(p->at, 2));
	json_out_end_array(o);
	json_out_end_object(o);
	geojson_properties(o, p);
	json_out_end_object(o);
}

/* ---- XML ---- */

/* Text of a stranger in XML 1.0, which has no control characters. */
static void xml_text(FILE *to, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&': fputs("&amp;", to); break;
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '"': fputs("&quot;", to); break;
		case '\t': case '\n': case '\r': fputc(' ', to); break;
		default:
			if (s.p[i] >= 0x20 && s.p[i] != 0x7f)
				fputc(s.p[i], to);
		}
}

static void gpx_point(FILE *to, const struct point *p)
{
	fprintf(to, "<wpt lat=\"%.7f\" lon=\"%.7f\">", degrees(p, 0),
		degrees(p, 1));
	if (json_len(p->at) > 2)
		fprintf(to, "<ele>%.1f</ele>", degrees(p, 2));
	fputs("<name>", to);
	xml_text(to, p->record);
	fputs("</name><desc>", to);
	xml_text(to, p->field);
	fputs("</desc><type>", to);
	xml_text(to, p->form);
	fputs("</type></wpt>\n", to);
}

static void kml_point(FILE *to, const struct point *p)
{
	fputs("<Placemark><name>", to);
	xml_text(to, p->record);
	fputs("</name><description>", to);
	xml_text(to, p->form);
	fputs(" ", to);
	xml_text(to, p->field);
	fprintf(to, "</description><Point><coordinates>%.7f,%.7f",
		degrees(p, 1), degrees(p, 0));
	if (json_len(p->at) > 2)
		fprintf(to, ",%.1f", degrees(p, 2));
	fputs("</coordinates></Point></Placemark>\n", to);
}

/* ---- the file ---- */

static void head_write(FILE *to, enum export_geo format)
{
	if (format == GEO_GPX)
		fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<gpx version=\"1.1\" creator=\"cairn\" "
		      "xmlns=\"http://www.topografix.com/GPX/1/1\">\n", to);
	else if (format == GEO_KML)
		fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<kml xmlns=\"http://www.opengis.net/kml/2.2\">"
		      "<Document>\n", to);
}

static void point_write(FILE *to, struct json_out *o, enum export_geo format,
			const struct point *p)
{
	if (format == GEO_JSON)
		geojson_point(o, p);
	else if (format == GEO_GPX)
		gpx_point(to, p);
	else
		kml_point(to, p);
}

static void record_write(FILE *to, struct json_out *o, enum export_geo format,
			 const struct json *record)
{
	struct point p = {
		.record = json_string(json_get(record, "record_id")),
		.form = json_string(json_get(record, "form")),
		.fields = json_get(record, "fields"),
	};
	struct json_member m = { .it = NULL };

	while (json_next(p.fields, &m)) {
		p.field = m.key;
		p.at = position_of(m.value);
		if (p.at)
			point_write(to, o, format, &p);
	}
}

int export_geo(struct export *x, enum export_geo format)
{
	const struct view_filter all = { .form = { NULL, 0 } };
	struct json_out o = { 0 };
	struct buf lines = { 0 };
	struct span left;
	int code = reader_records(&x->r, "export", &all, &lines);

	head_write(x->to, format);
	json_out_object(&o);
	json_out_kv_string(&o, "type", "FeatureCollection");
	json_out_key(&o, "features");
	json_out_array(&o);
	left = buf_span(&lines);
	while (left.n) {
		struct json *record = reader_record(&left);

		record_write(x->to, &o, format, record);
		json_free(record);
	}
	json_out_end_array(&o);
	json_out_end_object(&o);
	if (format == GEO_JSON)
		fprintf(x->to, "%.*s\n", (int)o.b.len, (const char *)o.b.p);
	else
		fputs(format == GEO_GPX ? "</gpx>\n" :
		      "</Document></kml>\n", x->to);
	buf_fini(&lines);
	buf_fini(&o.b);
	return code == OPTIONS_OK ? 0 : -EIO;
}
