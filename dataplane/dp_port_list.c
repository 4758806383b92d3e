/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists what the kernel's sysfs shows, so that it works before DPDK is started and for any user. */
#include <net/if.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dp_iface.h"
#include "dp_port.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

/* The first line of a file; empty when it cannot be read. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *stream = fopen(path, "re");

	line[0] = '\0';
	if (!stream)
		return;
	if (!fgets(line, (int)size, stream))
		line[0] = '\0';
	fclose(stream);
	line[strcspn(line, "\n")] = '\0';
}

static void list_iface(const char *name)
{
	char driver[DP_IFACE_TEXT_MAX], bus[DP_IFACE_TEXT_MAX], state[32], path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%.32s/operstate", name);
	read_line(path, state, sizeof(state));
	dp_iface_driver(name, driver, bus);
	printf("%-16s network interface, %s%s%s%s%s\n", name, state[0] ? state : "unknown",
		driver[0] ? ", driver " : "", driver, bus[0] ? ", " : "", bus);
}

/* Devices of the network class (02) whose driver hands them to DPDK. */
static void list_pci(const char *address)
{
	char path[PATH_MAX], target[PATH_MAX], class[32];
	const char *driver;
	ssize_t n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/class", address);
	read_line(path, class, sizeof(class));
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", address);
	n = readlink(path, target, sizeof(target) - 1);
	if (strncmp(class, "0x02", 4) != 0 || n <= 0)
		return;
	target[n] = '\0';
	driver = strrchr(target, '/');
	driver = driver ? driver + 1 : target;
	if (strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "igb_uio") == 0 ||
		strcmp(driver, "uio_pci_generic") == 0)
		printf("%-16s PCI device, driver %s\n", address, driver);
}

void dp_port_list(void)
{
	struct if_nameindex *ifaces = if_nameindex();
	DIR *dir = opendir(PCI_DEVICES);
	struct dirent *entry;

	for (struct if_nameindex *i = ifaces; i && i->if_index; i++)
		list_iface(i->if_name);
	if (ifaces)
		if_freenameindex(ifaces);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			list_pci(entry->d_name);
	if (dir)
		closedir(dir);
}
