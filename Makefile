# SPDX-License-Identifier: MIT
# make deps demo    what it looks like        make deps check   every test
# make SAN=1 check  with ASan and UBSan       make fuzz T=600   every parser
# make torture      the log, through power cuts, kills and failing disks
# Knobs: CC CFLAGS LDFLAGS PREFIX DESTDIR O V=1
VERSION    ?= 0.1
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
# cairnd needs no root: it goes where every user finds it
SBINDIR    ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= $(PREFIX)/lib/systemd/system
# where udev looks, whatever PREFIX is
UDEVDIR    ?= /usr/lib/udev/rules.d
# where Wireshark looks, whatever PREFIX is; only if it is there
WIRESHARK  ?= /usr/lib/$(shell $(CC) -print-multiarch)/wireshark
PKG_CONFIG ?= pkg-config
O          ?= build$(if $(SAN),-san)$(if $(FUZZ),-fuzz)
T          ?= 600

# The Debian packages, in this one place.
DEPS := gcc libc6-dev make pkg-config mandoc \
	liburing-dev libsodium-dev libcmocka-dev \
	libzstd-dev libcbor-dev libjansson-dev libinih-dev libisal-dev \
	libpcap-dev libnl-3-dev
FUZZ_DEPS := clang libclang-rt-14-dev
# what `make bench` compares the log with
BENCH_DEPS := libsqlite3-dev liblmdb-dev librocksdb-dev libssl-dev python3
PKGS := liburing libsodium libzstd libcbor jansson inih libisal libpcap libnl-3.0

CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wvla -Wimplicit-fallthrough -Werror
HARDEN := -fstack-protector-strong -fPIE
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
ifdef SAN
CFLAGS  := -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
FORTIFY :=
LDFLAGS += -fsanitize=address,undefined
endif
ifdef FUZZ
CC      := clang
CFLAGS  := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
FORTIFY :=
LDFLAGS += -fsanitize=address,undefined
endif
# Expanded in the recipes: the packages may only just have been installed.
PKG_CFLAGS  = $(shell $(PKG_CONFIG) --cflags $(PKGS))
PKG_LIBS    = $(shell $(PKG_CONFIG) --libs $(PKGS))
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -I. -DCAIRN_VERSION='"$(VERSION)"' \
	$(WARN) $(HARDEN) $(FORTIFY) -MMD -MP $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# A recipe's objects, the archive after those that need it.
inputs = $(filter %.o,$^) $(filter %.a,$^)
obj   = $(patsubst %.c,$(O)/%.o,$(1))
LIB   := $(wildcard lib/*/*.c kiss/*.c ax25/*.c)
AIR   := $(wildcard tools/air*.c)
SIM   := $(wildcard tools/sim*.c)
TRAIN := $(wildcard tools/train*.c)
CAIRN := $(filter-out $(AIR) $(SIM) $(TRAIN),$(wildcard tools/*.c))
CAIRND := $(wildcard daemon/*.c)
VECTORS := $(wildcard tests/vectors*.c)
BENCH := $(wildcard tests/bench*.c)
PROGRAMS := $(if $(CAIRND),$(O)/cairnd) $(if $(CAIRN),$(O)/cairn) \
	$(if $(AIR),$(O)/cairn-air) $(if $(SIM),$(O)/cairn-sim)
HELPERS := $(if $(TRAIN),$(O)/tests/train) $(if $(VECTORS),$(O)/tests/vectors) \
	$(if $(wildcard tests/bridge.c),$(O)/tests/bridge)
DISK    := $(patsubst %,$(O)/tests/%.o,disk disk_file disk_crash)
TORTURE := $(patsubst %,$(O)/tests/torture_%,log kill fill)
TESTS   := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/fuzz_*.c))
SCRIPTS := $(wildcard tests/check_*.sh) $(wildcard tests/e2e_*.sh)

Q   := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

all: $(PROGRAMS)

$(O)/%.o: %.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(O)/libcairn.a: $(call obj,$(LIB))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/cairnd: $(call obj,$(CAIRND)) $(O)/libcairn.a
$(O)/cairn: $(call obj,$(CAIRN)) $(O)/libcairn.a
$(O)/cairn-air: $(call obj,$(AIR)) $(O)/libcairn.a
$(O)/cairn-sim: $(call obj,$(SIM)) $(O)/libcairn.a
$(O)/tests/vectors: $(call obj,$(VECTORS)) $(O)/libcairn.a
$(O)/tests/train: $(call obj,$(TRAIN)) $(O)/libcairn.a
$(O)/tests/bench: $(call obj,$(BENCH) $(filter-out daemon/main.c,$(CAIRND)) \
	tools/sim_words.c) $(O)/libcairn.a
$(O)/tests/bridge: $(O)/tests/bridge.o $(O)/libcairn.a
$(O)/tests/test_flight: $(O)/daemon/flight.o
$(O)/tests/test_log_crash $(O)/tests/fuzz_log $(O)/tests/test_flight: \
	$(DISK)
$(O)/tests/torture_log: $(patsubst %,$(O)/tests/%.o,torture_log torture_life \
	torture_laws torture_find) $(DISK) $(O)/libcairn.a
$(O)/tests/torture_kill: $(O)/tests/torture_kill.o $(O)/libcairn.a
$(O)/tests/torture_fill: $(O)/tests/torture_fill.o $(O)/daemon/flight.o \
	$(O)/libcairn.a
$(O)/tests/test_health: $(call obj,$(filter-out daemon/main.c,$(CAIRND)))
$(O)/tests/test_outbox: $(O)/daemon/outbox.o
$(O)/tests/test_reading: $(O)/daemon/reading.o
$(O)/tests/test_ingest: $(O)/tests/bench_stream.o \
	$(call obj,$(filter-out daemon/main.c,$(CAIRND)))
$(O)/tests/test_fsck $(O)/tests/fuzz_fsck: \
	$(O)/tools/fsck_chain.o $(O)/tools/fsck_marks.o
$(O)/tests/test_config $(O)/tests/fuzz_config: \
	$(call obj,$(wildcard daemon/config_*.c))
$(O)/tests/fuzz_decode: $(filter-out $(O)/tools/decode.o,$(call obj,$(wildcard tools/decode*.c)))
$(PROGRAMS) $(HELPERS) $(TORTURE) $(O)/tests/bench:
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm
$(O)/tests/test_%: $(O)/tests/test_%.o $(O)/libcairn.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(inputs) $(PKG_LIBS) -lm -lcmocka
$(O)/tests/fuzz_%: $(O)/tests/fuzz_%.o $(if $(FUZZ),,$(O)/tests/replay.o) $(O)/libcairn.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $(inputs) $(PKG_LIBS) -lm

deps:
	@tests/deps $(DEPS)
fuzz-deps:
	@tests/deps $(DEPS) $(FUZZ_DEPS)

demo: all
	@O=$(O) tests/demo

check: all $(HELPERS) $(TORTURE) $(TESTS) $(FUZZERS)
	@O=$(O) CC=$(CC) tests/run $(TESTS) $(FUZZERS) $(SCRIPTS)

torture: all $(TORTURE)
	@O=$(O) CC=$(CC) tests/torture

# a real kernel's AX.25, in a virtual machine: downloads one, a minute
check-vm: all
	@O=$(O) tests/peers/axvm.sh $(AXVM)

fuzz: fuzz-deps
	@$(MAKE) --no-print-directory FUZZ=1 fuzzers
	@O=build-fuzz tests/fuzz $(T) $(patsubst tests/fuzz_%.c,%,$(wildcard tests/fuzz_*.c))
fuzzers: $(FUZZERS)

# JSON lines; tests/bench_table makes the table of docs/performance.md of them
bench: all $(O)/tests/bench
	@O=$(O) CC=$(CC) tests/bench_run.sh $(NAMES)
bench-deps:
	@tests/deps $(DEPS) $(BENCH_DEPS)

# The run codec's dictionary, again from its text (tools/train.c).
dictionary: $(O)/tests/train
	$(O)/tests/train > $(O)/dictionary.c && mv $(O)/dictionary.c lib/event/

install: all
	install -D -m755 $(O)/cairnd $(DESTDIR)$(SBINDIR)/cairnd
	for p in cairn cairn-air cairn-sim; do \
	  install -D -m755 $(O)/$$p $(DESTDIR)$(BINDIR)/$$p; done
	for m in docs/*.[158]; do install -D -m644 $$m \
	  $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/}; done
	install -D -m644 tools/cairn.bash \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cairn
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(BINDIR)|; s|@SBINDIR@|$(SBINDIR)|' \
	  daemon/cairnd.service > $(DESTDIR)$(UNITDIR)/cairnd.service
	if [ "$(DESTDIR)" ] || [ -d $(UDEVDIR) ]; then install -D -m644 \
	  daemon/cairn-tnc.rules $(DESTDIR)$(UDEVDIR)/70-cairn-tnc.rules; fi
	if [ "$(DESTDIR)" ] || [ -d $(WIRESHARK) ]; then \
	  install -D -m644 tools/cairn.lua $(DESTDIR)$(WIRESHARK)/plugins/cairn.lua; \
	  install -D -m755 tools/extcap-cairn $(DESTDIR)$(WIRESHARK)/extcap/cairn; fi

deb: all
	rm -rf $(O)/deb
	$(MAKE) --no-print-directory install DESTDIR=$(O)/deb PREFIX=/usr
	daemon/debian/build $(VERSION) $(O)/deb $(O)/cairn_$(VERSION).deb

clean:
	rm -rf build build-san build-fuzz build-clang

ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(call obj,$(LIB) $(AIR) $(SIM) $(TRAIN) $(CAIRN) $(CAIRND) $(wildcard tests/*.c)): | deps
endif
-include $(shell find $(O) -name '*.d' -type f 2>/dev/null)
.PHONY: all deps fuzz-deps bench-deps demo check check-vm torture fuzz fuzzers bench \
	dictionary install deb clean
.SECONDARY:
