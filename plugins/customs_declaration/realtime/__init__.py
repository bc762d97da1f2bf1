"""Real-time payment data for customs (GACC announcements 2018/165 and 2018/179): asked for, signed, uploaded, kept."""
