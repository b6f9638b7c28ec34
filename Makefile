# For those who type make; the build itself is CMake's (dev/build).
all:
	dev/build release programs

# DESTDIR and PREFIX as usual.
PREFIX ?= /usr/local
install: all
	cmake -S . -B build/release -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	ninja -C build/release programs >/dev/null
	DESTDIR=$(DESTDIR) cmake --install build/release --strip

.PHONY: all install
