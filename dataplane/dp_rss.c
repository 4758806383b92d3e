/* SPDX-License-Identifier: BSD-3-Clause */
/* Key and redirection table of a NIC. */
#include "dp_rss.h"

#include <stdbool.h>
#include <string.h>

#include <rte_ethdev.h>

enum {
	RETA_GROUPS_MAX = 64,
};

void dp_rss_choose(const struct rte_eth_dev_info *info, uint16_t queues, struct rte_eth_conf *conf,
	uint8_t key[DP_RSS_KEY_MAX])
{
	uint64_t wanted = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_SCTP;

	if (queues < 2 || !(info->flow_type_rss_offloads & wanted))
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & wanted;
	if (!info->hash_key_size || info->hash_key_size > DP_RSS_KEY_MAX)
		return;
	for (unsigned i = 0; i < DP_RSS_KEY_MAX; i++)
		key[i] = (uint8_t)(i & 1 ? DP_RSS_KEY_WORD & 0xff : DP_RSS_KEY_WORD >> 8);
	conf->rx_adv_conf.rss_conf.rss_key = key;
	conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
}

static uint16_t key_word(const uint8_t *key)
{
	return (uint16_t)(key[0] << 8 | key[1]);
}

/* What the device says it does, which need not be what it was asked for. */
static bool hashes_as_asked(uint16_t port_id)
{
	uint64_t udp = RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
	uint8_t key[DP_RSS_KEY_MAX] = {0};
	struct rte_eth_rss_conf conf = {.rss_key = key};
	struct rte_eth_dev_info info = {0};

	if (rte_eth_dev_info_get(port_id, &info) != 0 || info.hash_key_size > sizeof(key))
		return false;
	conf.rss_key_len = info.hash_key_size;
	if (!conf.rss_key_len || rte_eth_dev_rss_hash_conf_get(port_id, &conf) != 0 ||
		(conf.rss_hf & udp) != udp)
		return false;
	for (unsigned i = 0; i + 1 < info.hash_key_size; i += 2)
		if (key_word(&key[i]) != DP_RSS_KEY_WORD)
			return false;
	return true;
}

uint32_t dp_rss_spread(uint16_t port_id, uint16_t queues)
{
	struct rte_eth_rss_reta_entry64 reta[RETA_GROUPS_MAX];
	struct rte_eth_dev_info info = {0};

	if (queues < 2 || !hashes_as_asked(port_id))
		return 0;
	/* Asked again: some devices size the table by their queues. */
	if (rte_eth_dev_info_get(port_id, &info) != 0 || !info.reta_size ||
		info.reta_size > RETA_GROUPS_MAX * RTE_ETH_RETA_GROUP_SIZE)
		return 0;
	memset(reta, 0, sizeof(reta));
	for (uint32_t i = 0; i < info.reta_size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= (uint64_t)1 << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = (uint16_t)(i % queues);
	}
	return rte_eth_dev_rss_reta_update(port_id, reta, info.reta_size) == 0 ? info.reta_size : 0;
}
