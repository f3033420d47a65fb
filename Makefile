# The verbs. `make conformance` and `make test` do all the set-up there is:
# nothing but a Rust toolchain is needed.

CARGO ?= cargo
OUT   ?= target/tcpspec/latest
TARGET = $(or $(CARGO_TARGET_DIR),target)
TCPSPEC = $(TARGET)/release/tcpspec

.PHONY: help build conformance conformance-bundled conformance-linux conformance-unprivileged conformance-protocol conformance-smoltcp conformance-lwip compare lwip newcomer toy test lint unit readers page pages screenshots doc bench figures coverage mutants deny clean

help:
	@echo 'make conformance          every case on the bundled stack and on the Linux kernel'
	@echo 'make conformance-bundled  on the bundled stack alone (under a second)'
	@echo 'make conformance-linux    on the Linux kernel alone (sudo, or user namespaces)'
	@echo 'make conformance-unprivileged  the same as an ordinary user; root becomes one for it'
	@echo 'make conformance-smoltcp  on smoltcp, in virtual time (two seconds)'
	@echo 'make conformance-protocol  on the bundled stack in a process of its own: the same log'
	@echo 'make newcomer             the commands of stacks/CONNECT.md, played and timed (part of make conformance)'
	@echo 'make toy                  target/toy: a toy TCP in C behind the line protocol (needs cc)'
	@echo 'make lwip                 the C stack lwIP behind line protocol v1: target/lwip/tcpspec-lwip (needs a C compiler)'
	@echo 'make conformance-lwip     every case on it'
	@echo 'make compare              bundled, Linux, smoltcp and lwIP side by side, in one report'
	@echo 'make test                 format and style of code and cases, all tests'
	@echo 'make readers              the outputs, read by others by their own schemas (Node; part of make test)'
	@echo 'make page                 the report in a real browser (Chromium; installs it where it may)'
	@echo 'make screenshots          the pictures of reports/PAGE.md, from a run made for them'
	@echo 'make bench                speed: cases, segments, trials on the kernel'
	@echo 'make figures              the tables of harness/FIGURES.md and README, from the last bench'
	@echo 'make coverage             cases/COVERAGE.md, PEERS.md and CHOICES.md: what the cases decide'
	@echo 'make mutants              what the suite notices of the bundled stack broken on purpose (half an hour)'
	@echo 'make doc                  documentation of the crates, warnings as errors'
	@echo 'make deny                 licences and sources of dependencies (needs cargo-deny)'
	@echo 'Options: OUT=DIR (where reports go), ARGS="..." (further arguments of `tcpspec run`)'

build:
	$(CARGO) build --release --locked --package tcpspec

# Make turns every failure into its own exit code 2; the tool's code is said in
# the last line. 4: a stack (usually the kernel) could not be run at all.
define run
	@$(TCPSPEC) run --out $(OUT) $(1) $(ARGS) || { code=$$?; echo "tcpspec ended with exit code $$code ($(TCPSPEC) --help explains it)"; exit $$code; }
endef

conformance: build
	$(call run,--stack bundled --stack linux --isn both)
	@stacks/newcomer.sh $(TCPSPEC)

conformance-bundled: build
	$(call run,--stack bundled --isn both)

conformance-linux: build
	$(call run,--stack linux --isn both)

# Root becomes user 65534, without any capability, in a mount namespace where
# the TUN node is for everybody; an ordinary user runs as what they are.
AS_NOBODY = mount -t tmpfs tmpfs /mnt && mknod -m 0666 /mnt/tun c 10 200 && \
	install -m 0755 $(TCPSPEC) /mnt/tcpspec && cp -r cases /mnt/cases && \
	chmod -R a+rX /mnt && install -d -o 65534 /mnt/out && cd /mnt && \
	TCPSPEC_TUN=/mnt/tun exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all ./tcpspec run --out out --stack linux $(ARGS)

conformance-unprivileged: build
	@if [ $$(id -u) -ne 0 ]; then $(TCPSPEC) run --out $(OUT) --stack linux $(ARGS); \
	elif unshare --mount true; then unshare --mount sh -c '$(AS_NOBODY)'; \
	else echo 'skipped: root may make no mount namespace here, so it cannot become an ordinary user'; fi

# In process and behind the line protocol: but for the stack's name no octet of
# the log differs.
SERVED = exec:$(abspath $(TCPSPEC)) serve bundled

conformance-protocol: build
	@$(TCPSPEC) run --out $(OUT)/in-process --stack bundled --isn both $(ARGS) > /dev/null
	$(call run,--stack '$(SERVED)' --isn both)
	@sed 's|"$(SERVED)"|"bundled"|g' $(OUT)/log.jsonl | cmp - $(OUT)/in-process/log.jsonl \
		&& echo 'the log is that of the stack in process'

# Somebody with a stack of their own, who has this program and that page.
newcomer: build
	@stacks/newcomer.sh $(TCPSPEC)

CC ?= cc

toy: $(TARGET)/toy

$(TARGET)/toy: stacks/toy/toy.c stacks/toy/v1.h
	$(CC) -std=c11 -O2 -Wall -Wextra -Wpedantic -o $@ stacks/toy/toy.c

# Where `--stack lwip` looks. SANITIZE=1: beside it, with the sanitizers.
lwip:
	@$(MAKE) --no-print-directory -C stacks/lwip OUT=$(CURDIR)/target/lwip

conformance-smoltcp: build
	$(call run,--stack smoltcp --isn both)

conformance-lwip: build lwip
	$(call run,--stack lwip --isn both --wall-limit 60)

# Four stacks in one report: who stands alone? It also makes the table for a terminal.
compare: build lwip
	$(call run,--stack bundled --stack linux --stack smoltcp --stack lwip --isn both --wall-limit 60)
	@$(TCPSPEC) compare $(OUT)

# The unit tests come last, so that the last line counts them.
test: lint readers unit

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) test --quiet --locked --package tcpspec-casefile --test style

# nextest, where it is installed, runs everything but doc tests; those come
# first, so that the last line counts the tests.
unit:
	$(CARGO) test --workspace --doc --locked --quiet
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		$(CARGO) nextest run --workspace --locked --no-fail-fast --status-level fail --final-status-level fail; \
	else \
		$(CARGO) test --workspace --lib --bins --tests --examples --locked --no-fail-fast; \
	fi

# The outputs that the tests leave, and those of a real run, of which half fails.
OUTPUTS = $(abspath $(TARGET))/tmp/outputs

readers:
	@if reports/tests/readers/setup.sh; then \
		$(CARGO) test --quiet --locked --package tcpspec-reports --test it outputs \
		&& { $(CARGO) run --quiet --locked --package tcpspec -- run $(SHOWN) --stack bundled --stack control:resets \
			--report junit,sarif,json --out $(OUTPUTS)/real > /dev/null || [ $$? -eq 1 ]; } \
		&& OUTPUTS=$(OUTPUTS) node --test --test-reporter=dot reports/tests/readers/outputs.test.mjs; \
	else echo 'skipped: the outputs as others read them'; fi

# The pages: those that the tests leave, and one of a real run, of which half
# fails. Its exit code is 1 therefore.
PAGES = $(abspath $(TARGET))/tmp
SHOWN = closing/ handshake/ reset/ states/closing textbook/

pages: build
	@reports/tests/browser/setup.sh
	@$(CARGO) test --quiet --locked --package tcpspec-reports --test it html
	@$(TCPSPEC) run $(SHOWN) --stack bundled --stack control:resets --out $(PAGES)/real > /dev/null || [ $$? -eq 1 ]

page: pages
	@PAGES=$(PAGES) node --test-reporter=spec reports/tests/browser/page.test.mjs

screenshots: pages
	@PAGES=$(PAGES) node reports/tests/browser/screenshots.mjs reports/pictures

doc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --locked

bench:
	$(CARGO) bench --workspace --locked

figures:
	$(CARGO) run --quiet --locked --package tcpspec --example figures

# The page is made beside its place: half a page must not stay there.
coverage:
	@$(CARGO) run --quiet --locked --package tcpspec -- coverage --format md > cases/COVERAGE.md.new \
		&& mv cases/COVERAGE.md.new cases/COVERAGE.md || { rm -f cases/COVERAGE.md.new; exit 1; }
	TCPSPEC_BLESS=1 $(CARGO) test --quiet --locked --package tcpspec-casefile --test peers --test choices

# ARGS="--sample 60": an estimate; ARGS="RST --survivors": some classes, and only
# what nothing has noticed so far.
mutants:
	$(CARGO) run --quiet --locked --release --package tcpspec-mutation -- $(ARGS)

deny:
	$(CARGO) deny check bans licenses sources

clean:
	$(CARGO) clean
