/* SPDX-License-Identifier: MIT
 *
 * SIGBUS: a page of a mapped file cannot be had, because a disk fails or
 * somebody shortened the file. Nobody can jump out of a reader that holds a
 * slice; so the page becomes zeros, which no check takes for data, and the
 * range is marked. Faults elsewhere go to whoever handled them before.
 *
 * The list is changed by the thread that owns the log only; the handler runs
 * in the thread that read.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/log/internal.h"

static struct fault_guard *guards;
static struct sigaction before;
static uintptr_t page_size;
static volatile unsigned pages_lost;

static void fault_pass_on(int sig, siginfo_t *info, void *context)
{
	if (before.sa_flags & SA_SIGINFO)
		before.sa_sigaction(sig, info, context);
	else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
		before.sa_handler(sig);
	else
		sigaction(sig, &before, NULL); /* the fault repeats, and kills */
}

static void fault_handle(int sig, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;

	for (struct fault_guard *g = guards; g; g = g->next) {
		uintptr_t page = at & ~(page_size - 1);

		if (at < g->start || at >= g->end)
			continue;
		g->faulted = true;
		pages_lost++;
		if (mmap((void *)page, page_size, PROT_READ, MAP_FIXED |
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			return;
	}
	fault_pass_on(sig, info, context);
}

unsigned log_pages_lost(void)
{
	return pages_lost;
}

static void fault_install(void)
{
	struct sigaction a = { .sa_sigaction = fault_handle,
		.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER };

	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&a.sa_mask);
	sigaction(SIGBUS, &a, &before);
}

void fault_guard_add(struct fault_guard *g, const void *p, size_t n)
{
	if (!page_size)
		fault_install();
	g->start = (uintptr_t)p;
	g->end = g->start + n;
	g->faulted = false;
	g->next = guards;
	atomic_signal_fence(memory_order_release);
	guards = g;
}

void fault_guard_remove(struct fault_guard *g)
{
	for (struct fault_guard **at = &guards; *at; at = &(*at)->next)
		if (*at == g) {
			*at = g->next;
			return;
		}
}
