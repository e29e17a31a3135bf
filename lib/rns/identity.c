/* SPDX-License-Identifier: MIT
 *
 * Identities: a pair of keys and the hash of their public halves. The X25519
 * half only belongs to the hash; we encrypt nothing.
 *
 *   prv = X25519 private 32 | Ed25519 seed 32	the file, raw
 *   pub = X25519 public 32 | Ed25519 public 32
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/base/crypto.h"
#include "lib/base/file.h"
#include "lib/rns/rns.h"

#define ED25519 32	/* where the Ed25519 half starts */

static void identity_hash(struct rns_identity *id)
{
	uint8_t full[CRYPTO_HASH_SIZE];

	crypto_sha256(full, SPAN(id->pub, sizeof(id->pub)));
	memcpy(id->hash, full, sizeof(id->hash));
}

void rns_identity_generate(struct rns_identity *id)
{
	uint8_t prv[64];

	crypto_random(prv, sizeof(prv));
	rns_identity_from_private(id, prv);
	crypto_wipe(prv, sizeof(prv));
}

void rns_identity_from_private(struct rns_identity *id, const uint8_t prv[64])
{
	memcpy(id->prv, prv, sizeof(id->prv));
	crypto_x25519_public(id->pub, id->prv);
	crypto_ed25519_public(id->pub + ED25519, id->prv + ED25519);
	id->has_prv = true;
	identity_hash(id);
}

void rns_identity_from_public(struct rns_identity *id, const uint8_t pub[64])
{
	memset(id->prv, 0, sizeof(id->prv));
	memcpy(id->pub, pub, sizeof(id->pub));
	id->has_prv = false;
	identity_hash(id);
}

/* Exactly the 64 bytes of an open file that only its owner may read. */
static int key_read(int fd, uint8_t prv[64])
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size != 64)
		return -EINVAL;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	n = pread(fd, prv, 64, 0);
	return n == 64 ? 0 : n < 0 ? -errno : -EINVAL;
}

int rns_identity_load(struct rns_identity *id, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
	uint8_t prv[64];

	if (fd < 0)
		return -errno;
	r = key_read(fd, prv);
	close(fd);
	if (r == 0)
		rns_identity_from_private(id, prv);
	crypto_wipe(prv, sizeof(prv));
	return r;
}

static int key_write(int fd, const uint8_t prv[64])
{
	ssize_t n = write(fd, prv, 64);

	if (n < 0)
		return -errno;
	if (n != 64)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

int rns_identity_save(const struct rns_identity *id, const char *path)
{
	int fd, r;

	if (!id->has_prv)
		return -EINVAL;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		  S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	r = key_write(fd, id->prv);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = file_sync_folder(path);
	if (r < 0)
		unlink(path);
	return r;
}

void rns_identity_sign(const struct rns_identity *id, uint8_t sig[64],
		       struct span message)
{
	crypto_ed25519_sign(sig, id->prv + ED25519, message);
}

bool rns_identity_verify(const struct rns_identity *id, const uint8_t sig[64],
			 struct span message)
{
	return crypto_ed25519_verify(sig, id->pub + ED25519, message);
}
