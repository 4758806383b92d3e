# SPDX-License-Identifier: BSD-3-Clause
"""The E-model, ITU-T G.107 (06/2015), computed from its own equations and Table 3's defaults: the
test's second opinion on rtp-qos/qos_emodel.c, which begins with the result of all this."""

from __future__ import annotations

from math import exp, log10, sqrt

# ITU-T G.113 Appendix I: Ie and Bpl. G.711 conceals lost packets (G.711 Appendix I).
G113 = {"pcmu": (0, 25.1), "pcma": (0, 25.1), "g729": (10, 19.0)}
G711_BPL_WITHOUT_PLC = 4.3


def default_r() -> float:
    """Ro - Is - Id of a connection without delay, coding and loss; section 7.7: 93.2."""
    slr, rlr, stmr, ds, dr, telr, wepl = 8, 2, 15, 3, 3, 65, 110
    nc, nfor, ps, pr, qdu = -70, -64, 35, 35, 1
    olr = slr + rlr
    # 7.2: noise and Ro
    nos = ps - slr - ds - 100 + 0.004 * (ps - olr - ds - 14) ** 2
    pre = pr + 10 * log10(1 + 10 ** ((10 - (stmr + dr)) / 10))
    nor = rlr - 121 + pre + 0.008 * (pre - 35) ** 2
    no = 10 * log10(sum(10 ** (n / 10) for n in (nc, nos, nor, nfor + rlr)))
    ro = 15 - 1.5 * (slr + no)
    # 7.3: what comes with the voice
    xolr = olr + 0.2 * (64 + no - rlr)
    iolr = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8)
    stmro = -10 * log10(10 ** (-stmr / 10) + exp(0) * 10 ** (-telr / 10))
    ist = (12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8)
           - 28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35)
           - 13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13) + 29)
    q = 37 - 15 * log10(qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q ** 2
    iq = 15 * log10(1 + 10 ** ((ro - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))
    # 7.4: delay; with T = Tr = Ta = 0 only the listener's echo is left
    rle = 10.5 * (wepl + 7)
    idle = (ro - rle) / 2 + sqrt((ro - rle) ** 2 / 4 + 169)
    return ro - (iolr + ist + iq) - idle


def r_factor(ie: float, bpl: float, loss_percent: float) -> float:
    """Equations 7-1 and 7-29 with random loss, BurstR = 1."""
    ie_eff = ie + (95 - ie) * loss_percent / (loss_percent + bpl)
    return min(100.0, max(0.0, default_r() - ie_eff))


def mos(r: float) -> float:
    """Annex B, never below 1."""
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
