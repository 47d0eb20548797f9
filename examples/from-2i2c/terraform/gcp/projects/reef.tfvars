# Invented, in the format of 2i2c's files: the settings of Terraform, with one bucket.
prefix     = "reef"
project_id = "example-reef"
zone       = "us-east1-b"
region     = "us-east1"

user_buckets = {
  "scratch" : {
    "delete_after" : 7
  }
}

hub_cloud_permissions = {
  "prod" : {
    bucket_admin_access : ["scratch"],
    hub_namespace : "prod"
  }
}

notebook_nodes = {
  "n2-highmem-8" : {
    min : 0,
    max : 20,
    machine_type : "n2-highmem-8"
  }
}
