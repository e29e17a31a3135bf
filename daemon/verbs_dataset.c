/* SPDX-License-Identifier: MIT
 *
 * Writing what depends on the view (lib/view/compose.h):
 *
 *   count RECORD COUNTER STEP
 *   plan delta|set {KEY: VALUE ...}
 *   doc NAME insert end|after|before ELEMENT TYPE {FIELD: VALUE ...}
 *   doc NAME update ELEMENT FIELD VALUE
 *   doc NAME delete|restore ELEMENT
 *
 * {...} and VALUE are JSON.
 */
#include <errno.h>
#include "daemon/verbs.h"
#include "lib/ctl/ctl.h"
#include "lib/view/compose.h"

static struct span arg(const struct call *c, size_t i)
{
	return i < c->n_args ? SPAN_STR(c->args[i]) : SPAN("", 0);
}

static bool arg_is(const struct call *c, size_t i, const char *word)
{
	return span_equal(arg(c, i), SPAN_STR(word));
}

static const char *compose_sentence(int e)
{
	switch (e) {
	case -ERANGE:
		return "the counter is full: its total would not fit into 64 "
		       "bits";
	case -ENOENT:
		return "no such element, or more than one";
	case -EALREADY:
		return "that element is deleted; restore brings it back";
	case -EEXIST:
		return "that element is not deleted";
	case -EMSGSIZE:
		return "that does not fit into an event (4096 bytes)";
	default:
		return "that is nothing an event can hold";
	}
}

static void write_composed(const struct call *c, uint16_t kind, struct buf *b,
			   int e)
{
	if (!e) {
		write_event(c, kind, b);
		return;
	}
	buf_fini(b);
	client_end(c->cl, e == -EINVAL || e == -EMSGSIZE ? EXIT_CODE_USAGE :
		   EXIT_CODE_FAILED, compose_sentence(e));
}

void verb_count(const struct call *c)
{
	struct node *n = c->d->node;
	struct buf b = { 0 };
	int e = compose_count(node_view(n), node_label(n), arg(c, 0),
			      arg(c, 1), arg(c, 2), &b);

	if (e != -EINVAL) {
		write_composed(c, KIND_COUNTER_ADD, &b, e);
		return;
	}
	buf_fini(&b);
	client_end(c->cl, EXIT_CODE_USAGE,
		   "a step is a whole number but 0: +3, -2");
}

void verb_plan(const struct call *c)
{
	struct json *v = json_parse(arg(c, 1), NULL);
	struct buf b = { 0 };
	int e = compose_plan(node_view(c->d->node), v, &b);

	json_free(v);
	write_composed(c, arg_is(c, 0, "set") ? KIND_PLAN_SET :
		       KIND_PLAN_DELTA, &b, e);
}

/* ---- documents ---- */

static void doc_insert(const struct call *c)
{
	enum compose_where where = arg_is(c, 2, "after") ? COMPOSE_AFTER :
		arg_is(c, 2, "before") ? COMPOSE_BEFORE : COMPOSE_END;
	struct json *fields = json_parse(arg(c, 5), NULL);
	struct buf b = { 0 };
	int e = compose_doc_insert(node_view(c->d->node), arg(c, 0), where,
				   arg(c, 3), arg(c, 4), fields, &b);

	json_free(fields);
	write_composed(c, KIND_DOC_INSERT, &b, e);
}

static void doc_update(const struct call *c)
{
	struct json *v = json_parse(arg(c, 4), NULL);
	struct buf b = { 0 };
	int e = v ? compose_doc_update(node_view(c->d->node), arg(c, 0),
				       arg(c, 2), arg(c, 3), v, &b) : -EINVAL;

	json_free(v);
	write_composed(c, KIND_DOC_UPDATE, &b, e);
}

static void doc_delete(const struct call *c)
{
	struct buf b = { 0 };
	int e = compose_doc_delete(node_view(c->d->node), arg(c, 0),
				   arg(c, 2), &b);

	write_composed(c, KIND_DOC_DELETE, &b, e);
}

static void doc_restore(const struct call *c)
{
	struct buf b = { 0 };
	int e = compose_doc_restore(node_view(c->d->node), arg(c, 0),
				    arg(c, 2), &b);

	write_composed(c, KIND_DOC_INSERT, &b, e);
}

void verb_doc(const struct call *c)
{
	static const struct {
		const char *name;
		void (*run)(const struct call *c);
		size_t n_args;
	} ops[] = {
		{ "insert", doc_insert, 6 }, { "update", doc_update, 5 },
		{ "delete", doc_delete, 3 }, { "restore", doc_restore, 3 },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (arg_is(c, 1, ops[i].name) && c->n_args == ops[i].n_args) {
			ops[i].run(c);
			return;
		}
	client_end(c->cl, EXIT_CODE_USAGE, "insert, update, delete or restore");
}
