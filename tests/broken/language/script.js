const text = "The address has a slip.";
