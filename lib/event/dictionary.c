/* SPDX-License-Identifier: MIT
 *
 * The dictionary of protocol version 0: none yet.
 */
#include "lib/event/dictionary.h"

struct span run_dictionary(void)
{
	return (struct span){ NULL, 0 };
}
